// What is listed, as JSON: members by their names.
#include "net/admin/json_rows.hpp"

#include "protocol/json.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::json_rows_test {

namespace {

template <class Row>
std::string object(const Row& row) {
  auto text = make_json([&](json_writer& out) {
    out.StartObject();
    put_row(out, row);
    out.EndObject();
  });
  CHECK(check_json_object(text));
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

connection_numbers numbers() {
  return {"7@N", milliseconds{1500}, 1, 2, 3, 4, 5, 6};
}

connection_report living() {
  connection_report result{};
  result.client_pid = "12@N";
  result.remote_address = "192.0.2.1";
  result.endpoint = "ws";
  result.phase = "relaying";
  result.numbers = numbers();
  result.opened_at = milliseconds{1000};
  result.metadata = R"({"user":"ann"})";
  result.message_topic = "ws.message";
  return result;
}

constexpr auto all_numbers =
    R"("target":"7@N","age_ms":1500,"messages_in":1,"bytes_in":2,)"
    R"("messages_out":3,"bytes_out":4,"queued_messages":5,"queued_bytes":6)";

} // namespace

TEST_CASE("a connection has its numbers, where it has answered") {
  connection_row row{"12@N", "192.0.2.1", "ws", numbers()};
  CHECK(object(row)
        == std::string{R"({"pid":"12@N","address":"192.0.2.1",)"
                       R"("endpoint":"ws",)"}
               + all_numbers + "}");
  row.numbers = caf::none;
  CHECK(object(row)
        == R"({"pid":"12@N","address":"192.0.2.1","endpoint":"ws"})");
}

TEST_CASE("a name has its PID") {
  CHECK(object(directory_row{"chat", "7@N"})
        == R"({"name":"chat","pid":"7@N"})");
}

TEST_CASE("a peer tells what it knows of itself") {
  peer_info peer{"app1", "N", {"0.2.0", 2, 1, {"a", "b"}}};
  peer.address = "192.0.2.1:9000";
  peer.connected = milliseconds{5000};
  peer.heard = milliseconds{10};
  peer.waiting = 7;
  CHECK(is_told(peer));
  auto text = object(peer);
  CHECK(has(text, R"("name":"app1","node":"N")"));
  CHECK(has(text, R"("protocol":2,"features":["a","b"])"));
  CHECK(has(text, R"("address":"192.0.2.1:9000","connected_ms":5000,)"
                  R"("heard_ms":10,"waiting_bytes":7})"));
  peer.version.protocol = 0;
  CHECK_FALSE(is_told(peer));
  CHECK(object(peer) == R"({"name":"app1","node":"N"})");
}

TEST_CASE("a connection that lives has its settings, and no end") {
  auto text = object(living());
  CHECK(text
        == std::string{R"({"pid":"12@N","address":"192.0.2.1",)"
                       R"("endpoint":"ws","phase":"relaying",)"}
               + all_numbers
               + R"(,"opened_at_ms":1000,"compressed":false,)"
                 R"("metadata":{"user":"ann"},"message_topic":"ws.message",)"
                 R"("heartbeat_interval_ms":0,"groups":[],"events":[],)"
                 R"("events_left_out":0})");
}

TEST_CASE("what a connection does not have is not there") {
  auto report = living();
  report.trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  report.compressed = true;
  report.subprotocol = "chat.v2";
  report.heartbeat_interval = milliseconds{30'000};
  report.expires_at = milliseconds{2000};
  auto text = object(report);
  CHECK(has(text, R"("trace":"4bf92f3577b34da6a3ce929d0e0e4736",)"
                  R"("compressed":true)"));
  CHECK(has(text, R"("subprotocol":"chat.v2","heartbeat_interval_ms":30000,)"
                  R"("expires_at_ms":2000)"));
  for (auto absent : {"cause", "\"code\"", "reason", "ended_at_ms"})
    CHECK_FALSE(has(text, absent));
}

TEST_CASE("a connection that has ended has its end, and no settings") {
  auto report = living();
  report.phase = "ended";
  report.cause = "slow_consumer";
  report.code = 1013;
  report.text = "too slow";
  report.ended_at = milliseconds{3000};
  auto text = object(report);
  CHECK(has(text, R"("cause":"slow_consumer","code":1013,)"
                  R"("reason":"too slow","ended_at_ms":3000)"));
  for (auto absent : {"metadata", "message_topic", "subprotocol",
                      "heartbeat_interval_ms", "expires_at_ms"})
    CHECK_FALSE(has(text, absent));
}

TEST_CASE("events have a count where there were several, and details where "
          "there is more to say") {
  auto report = living();
  report.events = {{milliseconds{0}, milliseconds{0}, 1, "opened", "3ms"},
                   {milliseconds{5}, milliseconds{9}, 4, "paused", "17"},
                   {milliseconds{10}, milliseconds{10}, 1, "closed", ""}};
  report.events_left_out = 2;
  CHECK(has(object(report),
            R"("events":[{"at_ms":0,"what":"opened","detail":"3ms"},)"
            R"({"at_ms":5,"last_ms":9,"count":4,"what":"paused",)"
            R"("detail":"17"},{"at_ms":10,"what":"closed"}],)"
            R"("events_left_out":2)"));
}

TEST_CASE("what strangers have sent is no more than text") {
  auto report = living();
  report.remote_address = "\"},\x1b[2J\xff";
  report.metadata = "no JSON \xe2\x80\xae";
  report.subprotocol = "a\"b";
  auto text = object(report);
  CHECK(has(text, R"("metadata":"no JSON \u202E")"));
  CHECK(has(text, R"("subprotocol":"a\"b")"));
  CHECK_FALSE(has(text, "\x1b"));
  report.metadata = {};
  CHECK(has(object(report), R"("metadata":{})"));
}

TEST_CASE("metadata stands as it came, blanks and escapes included") {
  auto report = living();
  report.metadata = R"({ "a" : [1, "\u0041\"", {"b":null}] })";
  CHECK(has(object(report),
            R"("metadata":{ "a" : [1, "\u0041\"", {"b":null}] })"));
}

} // namespace wsrelay::json_rows_test
