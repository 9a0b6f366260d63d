// Nodes that find each other, lose each other and come back.
#include "actors/peer.hpp"

#include "actors/absent_peers.hpp"
#include "actors/directory.hpp"
#include "test/support/connected.hpp"
#include "test/support/line_sink.hpp"

#include <caf/all.hpp>

#include <set>

namespace wsrelay::peer_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

constexpr milliseconds patience{8'000};

// Two nodes in one system: what CAF's middleman would connect is handed over.
struct fixture {
  checked_node node;
  caf::actor own = spawn_directory("relay1");
  caf::actor remote = spawn_directory("app1");
  caf::actor connector;
  caf::actor actor;
  std::vector<time_point> tries;
  bool reachable = true;
  std::string why = "refused"; // when it is not

  fixture() {
    auto answer = [this](caf::connect_atom, const std::string& host,
                         std::uint16_t port) {
      CHECK(host == "app1.example");
      CHECK(port == 9001);
      return on_connect();
    };
    connector = node.system().spawn(
        [answer](caf::event_based_actor*) { return caf::behavior{answer}; });
  }

  ~fixture() {
    for (auto& who : {actor, connector, own, remote})
      if (who)
        caf::anon_send_exit(who, caf::exit_reason::kill);
  }

  caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>
  on_connect() {
    tries.push_back(node.now());
    if (!reachable)
      return caf::make_error(caf::sec::cannot_connect_to_node, why);
    return {remote.node(), caf::actor_cast<caf::strong_actor_ptr>(remote),
            std::set<std::string>{}};
  }

  caf::actor spawn_directory(std::string name) {
    return node.system().spawn(directory, std::move(name));
  }

  void start() {
    actor = node.system().spawn(peer, peer_config{"app1.example",
                                                  9001,
                                                  {"relay1", own},
                                                  connector,
                                                  patience,
                                                  200ms,
                                                  10s,
                                                  1});
    node.run();
  }

  strings peers_of(const caf::actor& who) {
    auto found = node.request<std::vector<peer_entry>>(who, peer_list{});
    REQUIRE(found);
    strings result;
    for (auto& each : *found)
      result.push_back(each.name);
    return result;
  }

  caf::expected<caf::actor> get(std::string target) {
    return node.request<caf::actor>(own, directory_get{std::move(target)});
  }

  // The actor of a name in a directory, or null.
  caf::actor name_at(const caf::actor& who, std::string name) {
    auto found = node.request<caf::actor>(who, directory_get{std::move(name)});
    return found ? *found : caf::actor{};
  }

  void lose_remote() {
    caf::anon_send_exit(remote, caf::exit_reason::remote_link_unreachable);
    node.run();
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "nodes that connect know each other") {
  start();
  CHECK(peers_of(own) == strings{"app1"});
  CHECK(peers_of(remote) == strings{"relay1"});
}

TEST_CASE_FIXTURE(fixture, "a name of another node leads to its actor") {
  probe chat{node};
  REQUIRE(node.request<void>(remote, directory_put{"chat", chat}));
  start();
  auto found = get("chat@app1");
  REQUIRE(found);
  CHECK(*found == chat.actor());
  CHECK(is(get("nobody@app1").error(), errc::no_such_target));
  CHECK(is(get("chat@app2").error(), errc::no_such_peer));
  CHECK(is(get("chat").error(), errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "a node's own name leads to itself") {
  probe chat{node};
  REQUIRE(node.request<void>(own, directory_put{"chat", chat}));
  auto found = get("chat@relay1");
  REQUIRE(found);
  CHECK(*found == chat.actor());
}

TEST_CASE_FIXTURE(fixture, "a node that is lost is forgotten and tried again") {
  start();
  lose_remote();
  CHECK(peers_of(own).empty());
  CHECK(is(get("chat@app1").error(), errc::no_such_peer));
  CHECK(tries.size() == 1);
  remote = spawn_directory("app1"); // started again
  node.advance(200ms);
  CHECK(tries.size() == 2);
  CHECK(peers_of(own) == strings{"app1"});
  CHECK(peers_of(remote) == strings{"relay1"});
}

TEST_CASE_FIXTURE(fixture, "tries become rarer, up to the limit, and are not "
                           "in step") {
  reachable = false;
  start();
  node.advance(60s);
  REQUIRE(tries.size() > 8);
  auto limit = 400ms; // after the first failure
  for (std::size_t i = 1; i < tries.size(); ++i) {
    auto waited = tries[i] - tries[i - 1];
    CHECK(waited >= limit / 2);
    CHECK(waited <= limit);
    limit = std::min<milliseconds>(2 * limit, 10s);
  }
  reachable = true;
  node.advance(10s);
  CHECK(peers_of(own) == strings{"app1"});
}

TEST_CASE_FIXTURE(fixture, "operators are told of a peer that is not there, "
                           "since when and why") {
  auto absent = [this] {
    auto found =
        node.request<std::vector<absent_peer>>(own, absent_peers_get{});
    REQUIRE(found);
    return *found;
  };
  reachable = false;
  start();
  REQUIRE(absent().size() == 1);
  CHECK(absent()[0].address == "app1.example:9001");
  CHECK_FALSE(absent()[0].is_connecting);
  CHECK(absent()[0].reason == "refused");
  CHECK(absent()[0].since == 0s);
  why = "its certificate is not known";
  node.advance(60s);
  CHECK(absent().at(0).reason == why);
  CHECK(absent().at(0).since == 60s);
  reachable = true;
  node.advance(10s);
  CHECK(absent().empty());
  reachable = false;
  caf::anon_send_exit(remote, caf::exit_reason::kill);
  node.run();
  REQUIRE(absent().size() == 1);
  CHECK(absent()[0].reason == "the connection to it has ended");
  CHECK(absent()[0].since == 0s);
}

// The first one alone says "refused", which is true of every node that starts.
TEST_CASE_FIXTURE(fixture, "each reason why a peer is not reached is logged "
                           "once, until it was there") {
  captured_log log;
  reachable = false;
  start();
  auto line = [](const std::string& reason) {
    return "peer cannot be reached: address=app1.example:9001 reason=\""
           + reason
           + "\" hint=\"tried again by itself; does that node run, with this "
             "listen and tls?\"";
  };
  node.advance(60s);
  CHECK(log.sink->lines == strings{line("refused")});
  why = "its certificate is not known";
  node.advance(60s);
  why = "refused";
  node.advance(60s);
  CHECK(log.sink->lines
        == strings{line("refused"), line("its certificate is not known")});
  SUBCASE("and of those that the other side makes up a few") {
    for (int i = 0; i < 20; ++i) {
      why = "reason " + std::to_string(i);
      node.advance(20s);
    }
    CHECK(log.sink->lines.size() == 8);
  }
  SUBCASE("and once more after that") {
    reachable = true;
    node.advance(10s);
    log.sink->lines.clear();
    caf::anon_send_exit(remote, caf::exit_reason::kill);
    reachable = false;
    node.advance(60s);
    CHECK(log.sink->count("reason=\"refused\"") == 1);
  }
}

TEST_CASE_FIXTURE(fixture, "a look-up at a node that is lost is answered at "
                           "once") {
  std::optional<caf::response_promise> held;
  auto silent = node.system().spawn([&held](caf::event_based_actor* self) {
    return caf::behavior{
        [self, &held](const directory_get&) -> caf::result<caf::actor> {
          return held.emplace(self->make_response_promise());
        }};
  });
  REQUIRE(node.request<peer_hello>(own, peer_hello{"app1", silent}));
  auto reply = node.begin_request<caf::actor>(own, directory_get{"chat@app1"});
  node.run();
  CHECK_FALSE(reply.answered());
  caf::anon_send_exit(silent, caf::exit_reason::remote_link_unreachable);
  node.run();
  CHECK(reply.failed_with(errc::no_such_peer));
}

TEST_CASE_FIXTURE(fixture, "a look-up at a node that does not answer is given "
                           "up in time") {
  auto silent = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[self](const directory_get&) {
      return self->make_response_promise<caf::actor>();
    }};
  });
  REQUIRE(node.request<peer_hello>(own, peer_hello{"app1", silent}));
  auto reply = node.begin_request<caf::actor>(own, directory_get{"chat@app1"});
  node.advance(peer_patience - 1ms);
  CHECK_FALSE(reply.answered());
  node.advance(1ms);
  CHECK(reply.failed_with(errc::peer_silent));
  caf::anon_send_exit(silent, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(fixture, "a node that says nothing is tried again") {
  auto mute = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[self](const peer_hello&) {
      return self->make_response_promise(); // and keeps it to itself
    }};
  });
  std::swap(remote, mute);
  start();
  CHECK(tries.size() == 1);
  std::swap(remote, mute);
  node.advance(patience + 1s);
  CHECK(tries.size() == 2);
  CHECK(peers_of(own) == strings{"app1"});
  caf::anon_send_exit(mute, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(fixture, "what answers but is no node of wsrelay is not "
                           "taken for one") {
  auto stranger = node.system().spawn(
      [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; });
  std::swap(remote, stranger);
  start();
  node.advance(5s);
  CHECK(peers_of(own).empty());
  CHECK(tries.size() > 2);
  std::swap(remote, stranger);
  caf::anon_send_exit(stranger, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(fixture, "a node started again replaces what it was") {
  start();
  auto again = spawn_directory("app1");
  REQUIRE(node.request<peer_hello>(own, peer_hello{"app1", again}));
  auto found = node.request<std::vector<peer_entry>>(own, peer_list{});
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().directory == again);
  lose_remote(); // the old one's end comes late
  CHECK(peers_of(own) == strings{"app1"});
  caf::anon_send_exit(again, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(fixture, "a node with a wrong name is refused") {
  auto refused = [&](const caf::actor& by, peer_hello hello) {
    return is(node.request<peer_hello>(by, hello).error(),
              errc::invalid_message);
  };
  CHECK(refused(own, {"relay1", remote}));
  CHECK(refused(own, {"", remote}));
  CHECK(refused(own, {"a@b", remote}));
  CHECK(refused(own, {"app1", nullptr}));
  CHECK(refused(node.directory(), {"app1", remote})); // in no cluster
  CHECK(peers_of(own).empty());
}

TEST_CASE_FIXTURE(fixture, "what is offered stands in the directory of every "
                           "peer, whoever came first") {
  probe early{node};
  probe late{node};
  REQUIRE(node.request<void>(own, directory_offer{"early", early}));
  start();
  REQUIRE(node.request<void>(own, directory_offer{"late", late}));
  node.run();
  CHECK(name_at(remote, "early") == early.actor());
  CHECK(name_at(remote, "late") == late.actor());
  CHECK(name_at(own, "late") == late.actor());
}

TEST_CASE_FIXTURE(fixture, "an offer is made again to a node that comes back") {
  probe chat{node};
  REQUIRE(node.request<void>(own, directory_offer{"chat", chat}));
  start();
  lose_remote();
  remote = spawn_directory("app1");
  CHECK(name_at(remote, "chat") == nullptr);
  node.advance(200ms);
  CHECK(name_at(remote, "chat") == chat.actor());
}

TEST_CASE_FIXTURE(fixture, "an offer that is taken back is so everywhere, but "
                           "for another actor's name") {
  probe chat{node};
  probe theirs{node};
  REQUIRE(node.request<void>(remote, directory_put{"echo", theirs}));
  start();
  REQUIRE(node.request<void>(own, directory_offer{"chat", chat}));
  REQUIRE(node.request<void>(own, directory_offer{"echo", chat}));
  node.run();
  CHECK(name_at(remote, "echo") == theirs.actor());
  for (std::string name : {"chat", "echo"})
    REQUIRE(node.request<void>(own, directory_erase{name, nullptr}));
  node.run();
  CHECK(name_at(remote, "chat") == nullptr);
  CHECK(name_at(own, "echo") == nullptr);
  CHECK(name_at(remote, "echo") == theirs.actor());
}

TEST_CASE_FIXTURE(fixture, "only who has a name can take it back by its own") {
  probe chat{node};
  probe other{node};
  REQUIRE(node.request<void>(own, directory_put{"chat", chat}));
  REQUIRE(node.request<void>(own, directory_erase{"chat", other}));
  CHECK(name_at(own, "chat") == chat.actor());
  REQUIRE(node.request<void>(own, directory_erase{"chat", chat}));
  CHECK(name_at(own, "chat") == nullptr);
}

TEST_CASE_FIXTURE(fixture, "an offer that cannot be put is refused") {
  probe chat{node};
  probe other{node};
  REQUIRE(node.request<void>(own, directory_put{"chat", chat}));
  start();
  auto offered = node.request<void>(own, directory_offer{"chat", other});
  CHECK(is(offered.error(), errc::name_taken));
  CHECK(name_at(remote, "chat") == nullptr);
}

} // namespace wsrelay::peer_test
