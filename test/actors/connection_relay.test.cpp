// Binding and relaying: who hears what, in which order.
#include "test/kit/probe.hpp"
#include "test/support/checked_node.hpp"

namespace wsrelay::connection_relay_test {

using namespace wsrelay::test;
using strings = std::vector<std::string>;

TEST_CASE("a target hears join, the client's messages, leave") {
  checked_node node;
  probe target{node};
  auto client = node.connect(target, {.metadata = R"({"user":"ann"})"});
  client.send_text("one");
  client.send_binary("two");
  client.close(1000);
  node.run();
  CHECK(target.log()
        == strings{R"(join {"user":"ann"})", "message 1 one", "message 2 two",
                   "leave client_closed 1000 last=2"});
  CHECK(target.messages()[0].type == message_type::text);
  CHECK(target.messages()[1].type == message_type::binary);
  CHECK_FALSE(client.is_open());
}

TEST_CASE("every message to a target names the connection and its metadata") {
  checked_node node;
  probe target{node};
  auto client = node.connect(target, {.metadata = R"({"n":1})",
                                      .heartbeat_interval = milliseconds{10}});
  client.send_text("x");
  node.advance(milliseconds{10});
  client.close();
  node.run();
  auto pid = to_string(client.actor());
  auto names_it = [&](const auto& x) {
    CHECK(x.client == client.actor());
    CHECK(x.client_pid.view() == pid);
    CHECK(x.metadata.view() == R"({"n":1})");
  };
  REQUIRE(target.log().size() == 4);
  names_it(target.joins()[0]);
  names_it(target.messages()[0]);
  names_it(target.heartbeats()[0]);
  names_it(target.leaves()[0]);
}

TEST_CASE("the client's messages wait until the target has joined") {
  checked_node node;
  probe target{node};
  target.hold_joins();
  auto client = node.connect(target);
  client.send_text("early");
  node.run();
  CHECK(target.log() == strings{"join {}"});
  CHECK(client.is_paused());
  target.release();
  node.run();
  CHECK(target.log() == strings{"join {}", "message 1 early"});
  CHECK_FALSE(client.is_paused());
}

TEST_CASE("a target may answer join with a value") {
  checked_node node;
  auto target = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](const ws_join&) { return 42; },
                         [](const ws_leave&) {}};
  });
  auto client = node.connect(target);
  node.run();
  CHECK(client.is_open());
  CHECK_FALSE(client.is_paused());
  caf::anon_send_exit(target, caf::exit_reason::kill);
}

TEST_CASE("messages carry ws.message or the command's topic") {
  checked_node node;
  probe target{node};
  auto plain = node.connect(target);
  auto named = node.connect(target, {.message_topic = "chat.in"});
  plain.send_text("a");
  node.run();
  named.send_text("b");
  node.run();
  REQUIRE(target.messages().size() == 2);
  CHECK(target.messages()[0].topic.view() == "ws.message");
  CHECK(target.messages()[1].topic.view() == "chat.in");
}

TEST_CASE("empty messages are relayed both ways") {
  checked_node node;
  probe target{node};
  auto client = node.connect(target);
  client.send_text("");
  node.run();
  REQUIRE(target.messages().size() == 1);
  CHECK(target.messages()[0].data.empty());
  node.send(client.actor(), ws_send{message_type::binary, {}});
  node.run();
  CHECK(client.take() == std::vector{binary("")});
}

TEST_CASE("a target that ended before the connection began closes it") {
  checked_node node;
  caf::actor dead;
  {
    probe target{node};
    dead = target.actor();
  }
  node.run();
  auto client = node.connect(dead);
  node.run();
  CHECK(client.close_frame()
        == client_close{1011, "target failed: connect again"});
  CHECK(client.exit_reason());
}

TEST_CASE(
    "a target that refuses join closes the connection and hears no more") {
  checked_node node;
  probe target{node};
  target.refuse_joins(make_error(errc::overloaded));
  auto client = node.connect(target);
  client.send_text("x");
  node.run();
  CHECK(client.close_frame()
        == client_close{1011, "target refused: connect again later"});
  CHECK(target.log() == strings{"join {}"});
}

TEST_CASE("a target that does not join in time is told that it is too late") {
  checked_node node;
  probe target{node};
  target.hold_joins();
  auto client = node.connect(target, {.join_timeout = milliseconds{1000}});
  node.advance(milliseconds{999});
  CHECK(client.is_open());
  CHECK(target.leaves().empty());
  node.advance(milliseconds{1});
  CHECK(client.close_frame()
        == client_close{1011, "target did not answer: connect again later"});
  CHECK(target.log() == strings{"join {}", "leave rolled_back 0 last=0"});
  target.release();
  node.run();
  CHECK(target.log().size() == 2);
}

TEST_CASE("nothing follows leave, whatever the client has sent behind it") {
  checked_node node;
  probe target{node};
  auto client = node.connect(target);
  node.run();
  client.send_text("a");
  node.run();
  node.send(client.actor(), ws_close{1000, ""});
  REQUIRE(node.step()); // it is handled before the socket is read
  client.send_text("b");
  client.close();
  client.send_text("c");
  node.run();
  CHECK(target.log()
        == strings{"join {}", "message 1 a", "leave closed 1000 last=1"});
}

// What comes before the close is the target's, in every order.
TEST_CASE("nothing follows leave, and it has the last number, in any order") {
  over_seeds(30, [](seed order) {
    test_node node{order};
    probe target{node};
    auto client = node.connect(target);
    node.run();
    node.send(client.actor(), ws_close{1000, ""});
    client.send_text("1");
    client.close();
    client.send_text("2");
    node.run();
    auto heard = target.messages().size();
    CHECK(heard <= 1);
    REQUIRE(target.leaves().size() == 1);
    CHECK(target.leaves()[0].last_seq == heard);
    CHECK(target.log().back().starts_with("leave"));
  });
}

TEST_CASE("connections of one target do not mix") {
  checked_node node;
  probe target{node};
  auto first = node.connect(target);
  auto second = node.connect(target);
  node.run();
  first.send_text("a");
  second.send_text("b");
  node.run();
  for (auto& message : target.messages())
    node.send(message.client, ws_send{message.type, message.data});
  node.run();
  CHECK(first.take() == std::vector{text("a")});
  CHECK(second.take() == std::vector{text("b")});
  CHECK(target.messages()[1].seq == 1);
}

} // namespace wsrelay::connection_relay_test
