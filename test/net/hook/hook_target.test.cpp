// What connections tell a server, in which order, and what its answers do.
#include "test/kit/probe.hpp"
#include "test/net/hook/hook_fixture.hpp"

#include <doctest/doctest.h>

namespace wsrelay::hook_target_test {

using namespace wsrelay::test;
using strings = std::vector<std::string>;
using std::chrono::seconds;

TEST_CASE_FIXTURE(hook_fixture, "a connection's life is told in its order") {
  auto client = node.connect(begin(), {.metadata = R"({"user":"ann"})"});
  client.send_text("early");
  node.run();
  CHECK(take_heard() == strings{R"(connected {"user":"ann"})"});
  CHECK(client.is_paused());
  answer(204);
  CHECK(take_heard() == strings{"message 1 early"});
  answer(204);
  client.close(1000);
  node.run();
  CHECK(take_heard()
        == strings{R"(disconnected {"reason":"client_closed","code":1000,)"
                   R"("text":"","last_seq":1})"});
  answer(204);
  CHECK(take_heard().empty());
}

TEST_CASE_FIXTURE(hook_fixture, "one request of a connection is on its way at "
                                "a time") {
  auto client = connect();
  take_heard();
  for (auto* text : {"a", "b", "c"})
    client.send_text(text);
  node.run();
  CHECK(take_heard() == strings{"message 1 a"});
  answer(200, "text/plain", "A");
  CHECK(client.take() == std::vector{text("A")});
  CHECK(take_heard() == strings{"message 2 b"});
  answer(200, "application/octet-stream", "B");
  CHECK(client.take() == std::vector{binary("B")});
  CHECK(take_heard() == strings{"message 3 c"});
  answer(202, "text/plain", "not for the client");
  CHECK(client.take().empty());
}

TEST_CASE_FIXTURE(hook_fixture, "so many of all connections are on their way, "
                                "and they take turns") {
  settings.max_in_flight = 2;
  auto a = connect(), b = connect(), c = connect();
  take_heard();
  for (auto i = 0; i < 2; ++i)
    for (auto* client : {&a, &b, &c})
      client->send_text(client == &a ? "a" : client == &b ? "b" : "c");
  node.run();
  CHECK(script->questions.size() == 2);
  while (!script->questions.empty())
    answer(204);
  CHECK(take_heard()
        == strings{"message 1 a", "message 1 b", "message 1 c", "message 2 a",
                   "message 2 b", "message 2 c"});
}

TEST_CASE_FIXTURE(hook_fixture, "a slow server pauses the clients whose "
                                "messages wait") {
  auto client = node.connect(begin(), {.window = 4});
  node.run();
  answer(204);
  for (auto i = 0; i < 10; ++i)
    client.send_text("x");
  node.run();
  CHECK(client.is_paused());
  while (!script->questions.empty())
    answer(204);
  CHECK_FALSE(client.is_paused());
  CHECK(take_heard().size() == 11);
}

TEST_CASE_FIXTURE(hook_fixture, "several that wait are one request where that "
                                "is wanted") {
  settings.batch = 3;
  auto client = connect();
  take_heard();
  client.send_text("a");
  node.run();
  for (auto* text : {"b", "c", "d", "e"})
    client.send_text(text);
  client.close(1000);
  node.run();
  answer(204);
  CHECK(script->questions.front().field("ce-count") == "3");
  CHECK(script->questions.front().field("ce-seq") == "4");
  answer(204);
  answer(204);
  auto heard = take_heard();
  REQUIRE(heard.size() == 4);
  CHECK(heard[1] == "message 4 TEXT 1\r\nb\r\nTEXT 1\r\nc\r\nTEXT 1\r\nd\r\n");
  CHECK(heard[2] == "message 5 e");
  CHECK(heard[3].starts_with("disconnected "));
}

TEST_CASE_FIXTURE(hook_fixture, "an answer may hold several messages and a "
                                "close") {
  auto client = connect();
  client.send_text("x");
  node.run();
  answer(200, "application/websocket-events",
         "TEXT 1\r\na\r\nBINARY 1\r\nb\r\nCLOSE 5\r\n\x0f\xa1"
         "bye\r\n");
  CHECK(client.take() == std::vector{text("a"), binary("b")});
  REQUIRE(client.close_frame());
  CHECK(*client.close_frame() == client_close{4001, "bye"});
  CHECK(take_heard().back().find(R"("reason":"closed","code":4001)")
        != std::string::npos);
}

TEST_CASE_FIXTURE(hook_fixture, "the server's state comes with later events") {
  auto client = connect();
  client.send_text("a");
  client.send_text("b");
  client.send_text("c");
  node.run();
  CHECK(script->questions.front().field("ce-state").empty());
  answer(204, {}, {}, {{"ce-state", "x%201"}});
  CHECK(script->questions.front().field("ce-state") == "x%201");
  answer(204);
  CHECK(script->questions.front().field("ce-state") == "x%201");
}

TEST_CASE_FIXTURE(hook_fixture, "an answer moves the connection") {
  auto client = connect();
  probe other{node};
  REQUIRE(node.put("other", other));
  client.send_text("a");
  node.run();
  answer(204, {}, {}, {{"wsrelay-target", "other"}});
  CHECK(take_heard().back().find(R"("reason":"transferred")")
        != std::string::npos);
  client.send_text("b");
  node.run();
  CHECK(other.log() == strings{"join {}", "message 2 b"});
}

TEST_CASE_FIXTURE(hook_fixture, "a connection that comes back is told after "
                                "its end") {
  auto client = connect();
  probe other{node};
  REQUIRE(node.put("game", target));
  take_heard();
  node.send(client.actor(), ws_control{other.actor()});
  node.run();
  node.send(client.actor(), ws_control{target});
  node.run();
  REQUIRE(script->questions.size() == 1);
  answer(204);
  answer(204);
  auto heard = take_heard();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].starts_with("disconnected "));
  CHECK(heard[1] == "connected {}");
  client.send_text("again");
  node.run();
  CHECK(take_heard() == strings{"message 1 again"});
}

TEST_CASE_FIXTURE(hook_fixture, "one heartbeat waits at most") {
  auto client = node.connect(begin(), {.heartbeat_interval = seconds{1}});
  node.run();
  answer(204);
  client.send_text("x");
  node.run();
  take_heard();
  node.advance(seconds{5});
  answer(204);
  auto heard = take_heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0] == R"(heartbeat {"uptime_ms":1000,"message_count":1})");
}

TEST_CASE_FIXTURE(hook_fixture, "who has gone before its turn is not told of") {
  settings.max_in_flight = 1;
  auto first = node.connect(begin());
  node.run();
  std::vector<fake_client> others;
  for (auto i = 0; i < 20; ++i)
    others.push_back(node.connect(target));
  node.run();
  for (auto& each : others)
    each.lose();
  node.run();
  answer(204);
  CHECK(take_heard() == strings{"connected {}"});
  for (auto& each : others)
    CHECK(each.exit_reason());
}

TEST_CASE_FIXTURE(hook_fixture, "what was said before a move is told, whatever "
                                "fails") {
  auto client = connect();
  probe other{node};
  for (auto* text : {"a", "b"})
    client.send_text(text);
  node.run();
  node.send(client.actor(), ws_control{other.actor()});
  node.run();
  take_heard();
  answer(500);
  CHECK(take_heard() == strings{"message 2 b"});
  answer(410);
  auto heard = take_heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].find(R"("reason":"transferred")") != std::string::npos);
  CHECK(client.is_open());
}

TEST_CASE_FIXTURE(hook_fixture, "what fails of an earlier stay ends no later "
                                "one") {
  auto client = connect();
  probe other{node};
  client.send_text("a");
  node.run();
  node.send(client.actor(), ws_control{other.actor()});
  node.run();
  node.send(client.actor(), ws_control{target});
  node.run();
  take_heard();
  answer(500);
  answer(204);
  answer(204);
  auto heard = take_heard();
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].starts_with("disconnected "));
  CHECK(heard[1] == "connected {}");
  CHECK(client.is_open());
}

} // namespace wsrelay::hook_target_test
