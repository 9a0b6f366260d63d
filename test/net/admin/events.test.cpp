// Streams of events over sockets: of the node, and of one connection.
#include "test/net/admin/admin_fixture.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace wsrelay::events_test {

using namespace wsrelay::test;

namespace {

struct fixture : admin_fixture {
  std::string feed(std::string_view query = {}) {
    return api_path_of(pid()) + "/events" + std::string{query};
  }
};

} // namespace

// -- of the node --------------------------------------------------------------

TEST_CASE_FIXTURE(fixture,
                  "who listens hears of connections that come and go") {
  start_admin();
  event_stream events{port, "/events"};
  REQUIRE(events.reads("event: state\ndata: {\"state\":\"ready\"}\n\n"));
  CHECK(events.text().starts_with("HTTP/1.1 200 "));
  CHECK(has(events.text(), "Content-Type: text/event-stream\r\n"));
  CHECK(has(events.text(), "Cache-Control: no-store\r\n"));
  auto client = connect("/ws/to/echo");
  auto who = pid();
  CHECK(events.reads("event: opened\ndata: {\"pid\":\"" + who
                     + R"(","address":"127.0.0.1","endpoint":"to"})"
                       "\n\n"));
  CHECK_FALSE(has(events.text(), "event: ended"));
  client.close(4001);
  CHECK(events.reads("event: ended\ndata: {\"pid\":\"" + who
                     + R"(","address":"127.0.0.1","endpoint":"to",)"
                       R"("cause":"client_closed","code":4001})"
                       "\n\n"));
}

TEST_CASE_FIXTURE(fixture, "who listens gets the points of the history") {
  start_admin();
  event_stream events{port, "/events"};
  CHECK(events.reads("event: point\ndata: {\"t\":"));
  CHECK(events.reads("\"closed\":{}}\n\n"));
}

TEST_CASE_FIXTURE(fixture, "a node that stops says so and ends its streams") {
  start_admin();
  event_stream one{port, "/events"}, other{port, "/events"};
  REQUIRE(one.reads("\"ready\""));
  REQUIRE(other.reads("\"ready\""));
  auto client = connect("/ws/to/echo");
  REQUIRE(one.reads("event: opened"));
  std::thread reader{[&] { CHECK(client.wait_for_close() == 1001); }};
  relay->stop();
  reader.join();
  for (auto* each : {&one, &other}) {
    CHECK(each->ends());
    CHECK(
        has(each->text(), "event: state\ndata: {\"state\":\"stopping\"}\n\n"));
    CHECK(has(each->text(), R"("cause":"node_shutdown","code":1001)"));
  }
}

TEST_CASE_FIXTURE(fixture, "a listener that has gone is in nobody's way") {
  start_admin();
  for (auto i = 0; i < 3; ++i) {
    event_stream events{port, "/events"};
    REQUIRE(events.reads("\"ready\""));
    events.close();
  }
  auto client = connect("/ws/to/echo");
  CHECK(client.answer().status == 101);
  client.close();
  event_stream last{port, "/events"};
  CHECK(last.reads("\"ready\""));
}

TEST_CASE_FIXTURE(fixture, "64 listen at a time, and places become free") {
  start_admin();
  std::vector<std::unique_ptr<event_stream>> all;
  for (auto i = 0; i < 64; ++i) {
    all.push_back(std::make_unique<event_stream>(port, "/events"));
    REQUIRE(all.back()->reads("\"ready\""));
  }
  CHECK(is_problem(get("/events"), 503, "busy"));
  all.pop_back();
  CHECK(holds_soon([this] {
    event_stream next{port, "/events"};
    return next.reads("\r\n\r\n") && next.text().starts_with("HTTP/1.1 200 ");
  }));
}

// -- of one connection --------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "who watches a connection sees its messages, and "
                           "their data where that is asked for") {
  start_admin();
  auto client = connect("/ws/to/echo");
  event_stream with{port, feed("?payload=true")}, without{port, feed()};
  REQUIRE(with.reads("\r\n\r\n"));
  REQUIRE(without.reads("\r\n\r\n"));
  std::atomic<bool> is_enough{false};
  std::thread talker{[&] { // a watch begins when the connection hears of it
    while (!is_enough) {
      client.send("a\"b");
      client.receive();
    }
  }};
  CHECK(with.reads("event: in\ndata: {\"number\":"));
  CHECK(with.reads(R"("type":"text","size":3,"data":"a\"b"})"));
  CHECK(with.reads("event: out\ndata: {\"number\":"));
  CHECK(without.reads(R"("type":"text","size":3})"));
  is_enough = true;
  talker.join();
  CHECK_FALSE(has(without.text(), "data\":"));
  client.close(4001);
  for (auto* each : {&with, &without}) {
    CHECK(each->reads("event: ended\ndata: {\"cause\":\"client_closed\","
                      "\"code\":4001,\"reason\":\"\"}\n\n"));
    CHECK(each->ends());
  }
}

TEST_CASE_FIXTURE(fixture, "who watches a connection that is not there is told "
                           "so") {
  start_admin();
  for (auto who : {"999999@" + to_string(system.node()), std::string{"x"},
                   std::string{"echo"}}) {
    CAPTURE(who);
    event_stream events{port, api_path_of(who) + "/events"};
    CHECK(events.reads("event: failed\ndata: {\"detail\":\""));
    CHECK(events.ends());
  }
}

TEST_CASE_FIXTURE(fixture, "a watcher that has gone watches no more") {
  start_admin();
  auto client = connect("/ws/to/echo");
  auto before = system.registry().running();
  {
    event_stream events{port, feed()};
    REQUIRE(events.reads("\r\n\r\n"));
  }
  CHECK(holds_soon([&] { // what cannot be written tells of it
    client.send("x");
    return client.receive() == "x" && system.registry().running() <= before;
  }));
}

TEST_CASE_FIXTURE(fixture, "a node that stops ends those who watch") {
  start_admin();
  auto client = connect("/ws/to/echo");
  event_stream events{port, feed()};
  REQUIRE(events.reads("\r\n\r\n"));
  std::thread reader{[&] { CHECK(client.wait_for_close() == 1001); }};
  relay->stop();
  reader.join();
  CHECK(events.ends());
}

} // namespace wsrelay::events_test
