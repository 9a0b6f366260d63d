// A node among others that say what no node says. Whatever it is, their
// connection ends, a line says why, and everybody else goes on.
#include "net/cluster/basp_stream.hpp"
#include "test/net/cluster/hostile_fixture.hpp"

#include "net/cluster/careful_source.hpp"

#include <random>
#include <vector>

namespace wsrelay::hostile_nodes_test {

using namespace wsrelay::test;

TEST_CASE_FIXTURE(hostile_node, "a header that is all, before or after the "
                                "handshake, ends its own connection only") {
  for (std::uint8_t what = 0; what < 8; ++what)
    for (bool joined : {false, true}) {
      CAPTURE(int{what});
      CAPTURE(joined);
      if (joined && what == basp::heartbeat)
        continue;
      auto data = std::uint64_t{what == basp::server_handshake ? 3u : 0u};
      CHECK(ends(basp::header({what, 0, 0, data, 0, what == 4 ? 9u : 0u}),
                 joined));
    }
  CHECK(serves());
  CHECK(logged("node refused: address=127.0.0.1 reason=\"client_handshake with "
               "0 bytes"));
}

TEST_CASE_FIXTURE(hostile_node, "messages of CAF's streams reach no actor") {
  for (std::uint64_t category : {2, 3}) {
    CHECK(ends(to_target({}, {}, category << 60)));
    CHECK(ends(to_target("+@str", basp::text("x"), category << 60 | 1)));
  }
  CHECK(ends(to_target("+@open_stream_msg", std::string(60, '\0'))));
  CHECK(ends(to_target("+@upstream_msg", std::string(60, '\0'))));
  CHECK(serves());
  CHECK(logged("node connection ended: address=127.0.0.1 reason=\"message of a "
               "CAF stream"));
  CHECK(logged("reason=\"message of the type @upstream_msg"));
}

TEST_CASE_FIXTURE(hostile_node, "an empty message is none of these") {
  auto node = join(5);
  node.socket.send(to_target({}, {}, std::uint64_t{1} << 60));
  CHECK(serves());
}

TEST_CASE_FIXTURE(hostile_node,
                  "lengths that are not there and messages without "
                  "end cost nothing") {
  auto node = join(6); // is let be
  node.socket.send(to_target("+@charbuf", "\xff\xff\xff\xff\x0f"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += basp::content("+@message", {});
  CHECK(ends(to_target("+@message", deep)));
  CHECK(serves());
}

TEST_CASE_FIXTURE(hostile_node,
                  "what cannot be read is an error to who asked, and "
                  "one line") {
  auto node = join(5);
  node.socket.send(
      to_target("+of.another.program", "x", std::uint64_t{1} << 60 | 1));
  REQUIRE(node.read_to(basp::direct_message));
  CHECK(node.payload.find("@error") != node.payload.npos);
  CHECK(node.payload.find("of.another.program cannot be read by")
        != node.payload.npos);
  CHECK(logged("message not understood: type=of.another.program node="));
  CHECK(logged("version=unknown this_version=\"" + to_text(this_version())));
}

TEST_CASE_FIXTURE(hostile_node,
                  "what cannot be read is said once of a node and a "
                  "type, and nothing of it commands a terminal") {
  auto node = join(5);
  for (int i = 0; i < 20; ++i)
    node.socket.send(to_target("+of.another\x1b[2J\n", "x"));
  node.socket.send(to_target("+@u8+of.a.third", "x"));
  CHECK(logged("type=@u8+of.a.third"));
  std::size_t lines = 0;
  for (auto& line : log.sink->lines)
    lines += line.find("type=of.another?[2J?") != line.npos ? 1 : 0;
  CHECK(lines == 1);
}

TEST_CASE_FIXTURE(hostile_node, "a value that this release does not know is an "
                                "error of its message alone") {
  auto node = join(5);
  node.socket.send(to_target("+ws.send", "\x07" + basp::text("x"),
                             std::uint64_t{1} << 60 | 1));
  REQUIRE(node.read_to(basp::direct_message));
  CHECK(node.payload.find("no such value: 7") != node.payload.npos);
  node.socket.send(
      to_target("+@str", basp::text("hi"), std::uint64_t{1} << 60 | 2));
  REQUIRE(node.read_to(basp::direct_message));
  CHECK(node.payload.find("@str") != node.payload.npos);
}

TEST_CASE_FIXTURE(hostile_node, "a link that is no other node's is refused: it "
                                "would lock the thread of all nodes") {
  // A handle: the actor's ID, and its node.
  auto self_node = [&] {
    auto node = wire::to(port());
    node.read_to(basp::server_handshake);
    return node.payload.substr(0, 32);
  }();
  auto link = [&](std::string_view what, std::uint64_t id,
                  const std::string& of) {
    return to_target("+@atom+@strong_actor_ptr",
                     basp::number(basp::atom(what)) + basp::number(id) + of);
  };
  for (auto what : {"link", "unlink"})
    CHECK(ends(link(what, target, self_node)));
  CHECK(logged("reason=\"link between actors of this node"));
  auto node = join(6);
  node.socket.send(link("link", 7, basp::node(6)));
  CHECK(node.read_to(basp::monitor_message));
  CHECK(serves());
}

TEST_CASE_FIXTURE(hostile_node,
                  "no other node ends an actor that this one does "
                  "not work without") {
  auto node = join(5);
  auto say = [&](std::string_view types, const std::string& values) {
    node.socket.send(basp::message(
        {basp::direct_message, 0, 0, 0, 7, relay.directory().id()},
        basp::payload(types, values)));
  };
  auto handle = basp::number(std::uint64_t{7}) + basp::node(5);
  auto kill = basp::number(static_cast<std::uint8_t>(caf::exit_reason::kill))
              + basp::number(basp::atom("exit")) + basp::content({}, {});
  say("+@atom+@strong_actor_ptr", basp::number(basp::atom("link")) + handle);
  say("+@exit", handle + kill);
  say("+@error", kill);
  node.socket.send(basp::message({basp::down_message, 0, 0, 0, 7},
                                 basp::node(5) + basp::node(8) + kill));
  node.socket.send(to_target("+@str", basp::text("still there?"),
                             std::uint64_t{1} << 60 | 1));
  CHECK(node.read_to(basp::direct_message));
  self->request(relay.directory(), patience, directory_list{})
      .receive([](const std::vector<directory_entry>&) {},
               [](caf::error& error) { FAIL(to_text(error)); });
}

TEST_CASE_FIXTURE(hostile_node,
                  "nobody says anything to the broker but what nodes "
                  "tell each other") {
  auto to_name = [](std::string_view name, std::string_view types,
                    std::string_view values) {
    return basp::message({basp::direct_message, 1, 0, 0, 7, basp::atom(name)},
                         basp::payload(types, values));
  };
  auto close_port = basp::number(basp::atom("close")) + basp::number(port());
  CHECK(ends(to_name("nodes", "+@atom+@u16", close_port)));
  CHECK(ends(to_name("SpawnServ", {}, {})));
  CHECK(logged("reason=\"message that the broker does not take from others"));
  CHECK(serves());
}

TEST_CASE_FIXTURE(hostile_node, "a node is one node, and no other's") {
  CHECK(ends(basp::hello(6)));
  CHECK(logged("reason=\"it says that it is another node than before"));
  CHECK(ends(basp::message({basp::client_handshake}, std::string(32, 'x')),
             false));
  CHECK(logged("reason=\"handshake without a node"));
  auto node = join(7);
  node.socket.send(basp::message({basp::client_handshake, 2}, basp::node(7)));
  CHECK(serves());
}

TEST_CASE_FIXTURE(hostile_node,
                  "nobody says that another node's actor ended, or "
                  "sends in its name") {
  auto node = join(5);
  node.socket.send(to_target("+@str", basp::text("hi"))); // of its actor 7
  CHECK(holds_soon([&] { return known_of(5) == 1; }));
  auto other = join(6);
  auto reason = std::string(1 + 8 + 2 + 1 + 3, '\0');
  other.socket.send(basp::message({basp::down_message, 0, 0, 0, 7, 0},
                                  basp::node(5) + own_node() + reason));
  auto pretended = basp::routed(basp::node(5), own_node(), target);
  pretended[23] = '\x9'; // of its actor 9
  other.socket.send(pretended);
  other.socket.send(to_target("+@str", basp::text("hi")));
  CHECK(holds_soon([&] { return known_of(6) == 1; })); // all is read
  CHECK(known_of(5) == 1);
}

TEST_CASE_FIXTURE(hostile_node,
                  "a message of the directories that is longer than "
                  "any ends its connection, unread") {
  auto hello = [&](std::size_t features) {
    auto sizes = std::string(features, '\0');
    return to_target("+peer.hello", basp::text("x") + sizes);
  };
  CHECK(ends(hello(careful_source::max_short + 1)));
  CHECK(logged("reason=\"peer.hello of "));
  CHECK(serves());
}

TEST_CASE_FIXTURE(hostile_node,
                  "a node may have so many actors that are known here, and no "
                  "more") {
  broker().max_actors = 100;
  auto from = [&](std::uint64_t sender) {
    return basp::message({basp::direct_message, 0, 0, 0, sender, target},
                         basp::payload("+@str", basp::text("hi")));
  };
  auto node = join(5);
  for (std::uint64_t i = 1; i <= 100; ++i)
    node.socket.send(from(i));
  node.socket.send(from(100));
  CHECK(serves());
  node.socket.send(from(101));
  node.drain(); // it has ended
  CHECK(logged("reason=\"more than 100 actors of a node"));
  CHECK(serves());
}

TEST_CASE_FIXTURE(hostile_node, "a node of another version of CAF is refused, "
                                "whoever connects") {
  plain_listener there;
  wire_node ours{wire_config(2s, 8s, there.port())};
  wire other{there.accept()};
  other.socket.send(basp::server_hello(5, 8));
  CHECK(
      logged("reason=\"it speaks version 8 (CAF 1) of BASP, this node version "
             "3 (CAF 0.17)"));
  other.drain(); // it has ended
  CHECK(ends(
      basp::message({basp::client_handshake}, "\0" + basp::node(5).substr(8)),
      false));
  CHECK(logged("not that of version 3; version 4 (CAF 0.18) and later"));
}

TEST_CASE_FIXTURE(hostile_node, "who is connected to may say no more than who "
                                "connects") {
  for (auto& bytes : {
           basp::header({basp::server_handshake, 0, 0, 3}),
           basp::hello(5),
           basp::header({}),
           basp::server_hello(5) + basp::server_hello(6),
           basp::server_hello(5) + basp::hello(5),
           basp::server_hello(5)
               + basp::message(
                   {basp::direct_message, 0, 0, std::uint64_t{3} << 60, 7, 1},
                   basp::payload()),
       }) {
    plain_listener there;
    wire_node ours{wire_config(2s, 8s, there.port())};
    wire other{there.accept()};
    other.socket.send(bytes);
    other.drain();
    CHECK(ours.serves());
  }
}

TEST_CASE_FIXTURE(hostile_node,
                  "whatever a node says, this one serves the others") {
  auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random{seed};
  auto one_of = [&random](auto... values) {
    std::array all{static_cast<std::uint64_t>(values)...};
    return all[random() % all.size()];
  };
  auto garbage = [&](std::size_t size) {
    std::string result;
    while (result.size() < size)
      switch (random() % 4) {
        case 0:
          result += basp::node(static_cast<std::uint32_t>(one_of(5, 6, 99)));
          break;
        case 1:
          result += basp::payload("+@str", basp::text("x"));
          break;
        case 2:
          result += std::string(random() % 9, '\0');
          break;
        default:
          result += static_cast<char>(random());
      }
    result.resize(size);
    return result;
  };
  for (int i = 0; i < 300; ++i) {
    auto node = random() % 4 ? join(5) : wire::to(port());
    std::string bytes;
    for (int k = 0; k < 8; ++k)
      bytes += basp::message(
          {static_cast<std::uint8_t>(one_of(0, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7)),
           static_cast<std::uint8_t>(one_of(0, 0, 0, 1, 2, 255)), 0,
           one_of(0, 0, 3, std::uint64_t{1} << 60 | 1, std::uint64_t{1} << 63,
                  std::uint64_t{3} << 60),
           one_of(0, 7, target), one_of(0, 7, target, basp::atom("SpawnServ"))},
          garbage(one_of(0, 1, 7, 32, 64, 79, 200)));
    node.socket.send(bytes);
  }
  CHECK(serves());
}

} // namespace wsrelay::hostile_nodes_test
