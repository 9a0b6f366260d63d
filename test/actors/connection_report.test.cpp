// All that a connection tells of itself, and the metadata beside its numbers.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace wsrelay::connection_report_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

milliseconds now_in_unix_time() {
  return std::chrono::duration_cast<milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

struct reporting {
  void open(connection_config config) {
    config.target = target;
    config.remote_address = "192.0.2.1";
    config.directory = node.directory();
    auto port = node.make_port();
    client.emplace(spawn_on(node.system(), nullptr, connection,
                            frame_port_ptr{port}, std::move(config)),
                   port);
    node.run();
  }

  connection_config counted() {
    connection_config config;
    config.counts = std::make_shared<relay_counts>("ws");
    config.record = record;
    return config;
  }

  connection_report report() {
    auto answer = node.request<connection_report>(client->actor(),
                                                  connection_report_get{});
    REQUIRE(answer);
    return *answer;
  }

  connection_stats stats(bool with_metadata) {
    auto answer = node.request<connection_stats>(
        client->actor(), connection_stats_get{with_metadata});
    REQUIRE(answer);
    return *answer;
  }

  checked_node node;
  probe target{node};
  probe other{node};
  flight_record_ptr record = caf::make_counted<flight_record>(node.now());
  std::optional<fake_client> client;
};

// What has not happened is not told.
void check_lives(const connection_report& told) {
  CHECK(told.cause == "");
  CHECK(told.code == 0);
  CHECK(told.text == "");
  CHECK(told.ended_at == 0ms);
}

} // namespace

TEST_CASE_FIXTURE(reporting, "a connection tells who it is and what it does") {
  auto config = counted();
  config.metadata = R"({"user":"ann"})";
  config.message_topic = "chat.in";
  config.subprotocol = "chat.v2";
  config.heartbeat_interval = 30s;
  config.compressed = true;
  config.took = 7ms;
  config.expires_at = now_in_unix_time() + 1h;
  open(std::move(config));
  client->send_text("abc");
  node.advance(2s);
  auto told = report();
  CHECK(told.client_pid.view() == to_string(client->actor()));
  CHECK(told.remote_address == "192.0.2.1");
  CHECK(told.endpoint == "ws");
  CHECK(told.phase == "relaying");
  CHECK(told.numbers.target_pid == to_string(target.actor()));
  CHECK(told.numbers.age == 2s);
  CHECK(told.numbers.messages_in == 1);
  CHECK(told.numbers.bytes_in == 3);
  CHECK(told.metadata.view() == R"({"user":"ann"})");
  CHECK(told.message_topic.view() == "chat.in");
  CHECK(told.subprotocol.view() == "chat.v2");
  CHECK(told.heartbeat_interval == 30s);
  CHECK(told.compressed);
  CHECK(told.trace == "");
  CHECK(told.opened_at == record->opened_at());
  REQUIRE(told.events.size() == 3);
  CHECK(told.events[0].what == "opened");
  CHECK(told.events[0].detail == "7ms");
  CHECK(told.events[2].what == "joined");
  CHECK(told.events[2].detail == std::to_string(target.actor().id()));
  check_lives(told);
}

// The simulated clock has gone on by itself, and the wall's has not.
TEST_CASE_FIXTURE(reporting, "a connection tells when its session is over") {
  auto config = counted();
  auto end = now_in_unix_time() + 1h;
  config.expires_at = end;
  open(std::move(config));
  auto told = report().expires_at;
  CHECK(told <= end + 10s);
  CHECK(told > end - 1h); // by the jitter at most half of it
}

TEST_CASE_FIXTURE(reporting, "a session without an end has none") {
  open(counted());
  auto told = report();
  CHECK(told.expires_at == 0ms);
  CHECK(told.heartbeat_interval == 0ms);
  CHECK(told.subprotocol.empty());
  CHECK(told.metadata.view() == "{}");
  check_lives(told);
}

TEST_CASE_FIXTURE(reporting, "a control changes what a connection tells") {
  open(counted());
  ws_control control = move_to(other);
  control.metadata = R"({"room":7})";
  control.message_topic = "next";
  node.send(client->actor(), control);
  node.run();
  auto told = report();
  CHECK(told.metadata.view() == R"({"room":7})");
  CHECK(told.message_topic.view() == "next");
  CHECK(told.numbers.target_pid == to_string(other.actor()));
}

TEST_CASE_FIXTURE(reporting, "a connection that nobody counts or records tells "
                             "the rest") {
  connection_config config;
  config.metadata = R"({"a":1})";
  open(std::move(config));
  auto told = report();
  CHECK(told.client_pid.view() == to_string(client->actor()));
  CHECK(told.endpoint == "");
  CHECK(told.phase == "relaying");
  CHECK(told.metadata.view() == R"({"a":1})");
  CHECK(told.events.empty());
  check_lives(told);
}

TEST_CASE_FIXTURE(reporting, "the trace of its request goes to the record and "
                             "to every target") {
  auto config = counted();
  config.trace = make_trace();
  auto text = to_text(config.trace);
  open(std::move(config));
  CHECK(report().trace == text.substr(3, 32));
  node.send(client->actor(), move_to(other));
  node.run();
  for (auto* each : {&target, &other}) {
    REQUIRE(each->joins().size() == 1);
    CHECK(each->joins()[0].traceparent.view() == text);
  }
}

TEST_CASE_FIXTURE(reporting, "without a trace a target is told of none") {
  open(counted());
  REQUIRE(target.joins().size() == 1);
  CHECK(target.joins()[0].traceparent.empty());
}

TEST_CASE_FIXTURE(reporting, "numbers come with the metadata where that is "
                             "asked for") {
  auto config = counted();
  config.metadata = R"({"user":"ann"})";
  open(std::move(config));
  CHECK(stats(true).metadata.view() == R"({"user":"ann"})");
  CHECK(stats(true).numbers.target_pid == to_string(target.actor()));
  CHECK(stats(false).metadata.empty());
}

TEST_CASE_FIXTURE(reporting, "the record keeps the numbers of the end") {
  open(counted());
  client->send_text("abc");
  node.send(client->actor(), ws_send{message_type::text, "12345"});
  node.run();
  node.advance(3s);
  client->close();
  node.run();
  REQUIRE(record->end);
  CHECK(record->end->cause == end_cause::client_closed);
  CHECK(record->end->numbers.messages_in == 1);
  CHECK(record->end->numbers.bytes_out == 5);
  CHECK(record->end->numbers.age == 3s);
}

} // namespace wsrelay::connection_report_test
