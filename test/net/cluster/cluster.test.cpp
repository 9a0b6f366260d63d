// Two nodes in one process, over sockets: CAF's broker on our streams.
#include "net/cluster/reach.hpp"
#include "test/net/support.hpp"

#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "net/cluster/basp_stream.hpp"
#include "net/cluster/broker.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <doctest/doctest.h>

namespace wsrelay::cluster_test {

using namespace wsrelay::test;

namespace {

relay_config named(std::string name, std::uint16_t peer) {
  cluster_config cluster;
  cluster.name = std::move(name);
  if (peer != 0)
    cluster.peers.push_back("127.0.0.1:" + std::to_string(peer));
  cluster.listen = "127.0.0.1:0";
  cluster.reconnect_min = 10ms;
  relay_config result;
  result.clusters.push_back(std::move(cluster));
  return result;
}

// A node with an actor system of its own.
struct member {
  explicit member(std::string name, std::uint16_t peer = 0)
      : settings{named(std::move(name), peer)},
        config{settings},
        system{config},
        self{system},
        relay{system, settings} {
    REQUIRE(relay.start());
  }

  template <class T, class Message>
  caf::expected<T> ask(const caf::actor& whom, Message message) {
    caf::expected<T> result{caf::sec::runtime_error};
    self->request(whom, patience, std::move(message))
        .receive([&](T& value) { result = std::move(value); },
                 [&](caf::error& error) { result = std::move(error); });
    return result;
  }

  caf::expected<caf::actor> find(std::string target) {
    return ask<caf::actor>(relay.directory(), directory_get{target});
  }

  caf::actor find_soon(const std::string& target) {
    caf::expected<caf::actor> found{caf::sec::runtime_error};
    REQUIRE(holds_soon([&] {
      found = find(target);
      return static_cast<bool>(found);
    }));
    return *found;
  }

  relay_config settings;
  system_config config;
  caf::actor_system system;
  caf::scoped_actor self;
  node relay;
};

// Sends back what it gets, and how many it got before.
caf::behavior mirror(caf::stateful_actor<std::uint64_t>* self) {
  self->state = 0;
  return {
      [](const shared_buffer& data) { return data; },
      [self](std::uint64_t number) {
        return number == self->state++ ? number : std::uint64_t(-1);
      },
  };
}

// Answers with an actor that nobody else knows.
caf::behavior maker(caf::event_based_actor* self) {
  return {[self](std::uint64_t) { return caf::actor{self->spawn(mirror)}; }};
}

struct two_nodes {
  two_nodes() : one{"one"}, two{"two", one.relay.cluster_port()} {
    REQUIRE(two.relay.put("mirror", two.system.spawn(mirror)));
    REQUIRE(one.relay.put("mirror", one.system.spawn(mirror)));
  }

  member one;
  member two;
};

// Sends `bytes` to where nodes connect and returns whether that ends it, before
// the greeting timeout would.
bool ends_after(std::uint16_t port, const std::string& bytes) {
  auto begin = std::chrono::steady_clock::now();
  auto client = plain_socket::connect_to(port, 64 * 1024);
  client.send(bytes);
  client.receive_until("\n none of this will come");
  return std::chrono::steady_clock::now() - begin < basp_greeting_timeout / 2;
}

} // namespace

TEST_CASE_FIXTURE(two_nodes, "a name leads to the other node, both ways") {
  CHECK(one.find_soon("mirror@two").node() == two.system.node());
  CHECK(two.find_soon("mirror@one").node() == one.system.node());
  CHECK(is(one.find("mirror@three").error(), errc::no_such_peer));
  CHECK(is(one.find("nobody@two").error(), errc::no_such_target));
}

TEST_CASE_FIXTURE(two_nodes, "messages of every size come through whole") {
  auto far = one.find_soon("mirror@two");
  for (std::size_t size : {0u, 1u, 65'000u, 65'536u, 70'000u, 16'000'000u}) {
    CAPTURE(size);
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; i += 97)
      text[i] = static_cast<char>('a' + i % 26);
    auto answer = one.ask<shared_buffer>(far, shared_buffer{text});
    REQUIRE(answer);
    CHECK(answer->view() == text);
  }
}

TEST_CASE_FIXTURE(two_nodes, "many small messages come in order, both ways") {
  constexpr std::uint64_t count = 20'000;
  auto run = [&](member& from, const caf::actor& far, bool& in_order) {
    for (std::uint64_t i = 0; i < count; ++i)
      from.self->send(far, i);
    in_order = true;
    std::uint64_t next = 0;
    while (next < count && in_order)
      from.self->receive(
          [&](std::uint64_t number) { in_order = number == next++; },
          caf::after(patience) >> [&] { in_order = false; });
  };
  auto far = one.find_soon("mirror@two");
  auto back = two.find_soon("mirror@one");
  bool there = false;
  bool here = false;
  std::thread other{[&] { run(two, back, here); }};
  run(one, far, there);
  other.join();
  CHECK(there);
  CHECK(here);
}

TEST_CASE_FIXTURE(two_nodes, "the end of an actor is told once, with its "
                             "reason; the end of its node as well") {
  auto doomed = two.system.spawn(mirror);
  REQUIRE(two.relay.put("doomed", doomed));
  auto far = one.find_soon("doomed@two");
  auto other = one.find_soon("mirror@two");
  one.self->monitor(far);
  one.self->monitor(other);
  two.self->send_exit(doomed, make_error(errc::overloaded));
  one.self->receive([&](caf::down_msg& message) {
    CHECK(message.source == far);
    CHECK(is(message.reason, errc::overloaded));
  });
  // Asking what has ended is an error at once.
  CHECK_FALSE(one.ask<std::uint64_t>(far, std::uint64_t{0}));
}

TEST_CASE("a node that ends ends what other nodes have got a handle of") {
  member one{"one"};
  {
    member two{"two", one.relay.cluster_port()};
    REQUIRE(two.relay.put("maker", two.system.spawn(maker)));
    auto made =
        one.ask<caf::actor>(one.find_soon("maker@two"), std::uint64_t{1});
    REQUIRE(made);
    one.self->monitor(*made);
  }
  one.self->receive([&](caf::down_msg& message) {
    CHECK(message.reason == caf::exit_reason::user_shutdown);
  });
}

TEST_CASE(
    "an actor on somebody's stack, which another node knows, is not waited "
    "for") {
  member one{"one"};
  REQUIRE(one.relay.put("mirror", one.system.spawn(mirror)));
  auto two = std::make_unique<member>("two", one.relay.cluster_port());
  // Both know each other's `self`.
  REQUIRE(
      two->ask<std::uint64_t>(two->find_soon("mirror@one"), std::uint64_t{1}));
  auto begin = std::chrono::steady_clock::now();
  two.reset();
  CHECK(std::chrono::steady_clock::now() - begin < 5s); // not the 10 s it has
}

TEST_CASE("nodes that connect to each other at once find each other") {
  for (int i = 0; i < 5; ++i) {
    member one{"one"};
    member two{"two", one.relay.cluster_port()};
    // And the other way, while the first is under way.
    member three{"three", two.relay.cluster_port()};
    auto peers = [](member& of) {
      auto list =
          of.ask<std::vector<peer_entry>>(of.relay.directory(), peer_list{});
      return list ? list->size() : 0;
    };
    CHECK(holds_soon([&] { return peers(two) == 2; }));
    CHECK(holds_soon([&] { return peers(one) == 1 && peers(three) == 1; }));
  }
}

TEST_CASE_FIXTURE(two_nodes, "what is no node is let go, and disturbs nobody") {
  auto far = one.find_soon("mirror@two");
  auto port = one.relay.cluster_port();
  CHECK(ends_after(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
                         "more than the header of a message of BASP"));
  CHECK(ends_after(port, std::string(64, '\0')));
  CHECK(ends_after(port, std::string(4096, '\xff')));
  auto answer = one.ask<shared_buffer>(far, shared_buffer{"still there"});
  REQUIRE(answer);
  CHECK(answer->view() == "still there");
}

TEST_CASE_FIXTURE(two_nodes, "a message longer than the limit ends the "
                             "connection before it is read") {
  // A direct message: operation, padding, flags, length of the payload, three
  // numbers of eight bytes; all big endian.
  std::string header(32, '\0');
  header[0] = 2;
  header[4] = '\x7f';
  header[31] = 1;
  CHECK(ends_after(one.relay.cluster_port(), header));
}

TEST_CASE("a program's own middleman calls work on the loop") {
  system_config config;
  caf::actor_system there{config};
  system_config other_config;
  caf::actor_system here{other_config};
  auto published = there.spawn(mirror);
  auto port = there.middleman().publish(published, 0, "127.0.0.1");
  REQUIRE(port);
  auto found = here.middleman().remote_actor("127.0.0.1", *port);
  REQUIRE(found);
  caf::scoped_actor self{here};
  self->request(*found, patience, shared_buffer{"hi"})
      .receive([](shared_buffer& data) { CHECK(data.view() == "hi"); },
               [](caf::error&) { FAIL("no answer"); });
  CHECK_FALSE(here.middleman().remote_actor("127.0.0.1", 1));
  caf::anon_send_exit(published, caf::exit_reason::user_shutdown);
}

TEST_CASE("an address in use, and files that are none, are failures") {
  member one{"one"};
  auto settings = named("two", 0);
  auto& cluster = settings.clusters.front();
  cluster.listen = "127.0.0.1:" + std::to_string(one.relay.cluster_port());
  system_config config{settings};
  caf::actor_system system{config};
  CHECK(node{system, settings}.start().error().what.starts_with(
      "cannot meet other nodes: cannot listen on "));
  cluster.tls = {"/dev/null", "/dev/null", "/dev/null"};
  CHECK_FALSE(node{system, settings}.start());
}

TEST_CASE("a system that was not prepared for it joins no cluster") {
  system_config config;
  caf::actor_system system{config};
  node relay{system, named("one", 0)};
  CHECK(relay.start().error().what
        == "the actor system is not prepared for a cluster "
           "(system_config::prepare)");
}

TEST_CASE("the broker goes with its system, whatever it is sent last") {
  caf::weak_actor_ptr known;
  {
    member one{"one"};
    auto broker = broker_of_nodes(one.system);
    known = caf::actor_cast<caf::weak_actor_ptr>(broker);
    // As its clock does: from itself to itself, when it has ended already.
    broker->attach_functor([who =
                                caf::actor_cast<caf::abstract_actor*>(broker)] {
      who->enqueue(caf::strong_actor_ptr{who->ctrl()}, caf::make_message_id(),
                   caf::make_message(caf::tick_atom_v), nullptr);
    });
  }
  CHECK_FALSE(known.lock());
}

} // namespace wsrelay::cluster_test
