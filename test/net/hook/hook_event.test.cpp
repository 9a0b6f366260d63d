// What a server gets: fields, bodies and signatures of requests.
#include "net/hook/hook_event.hpp"

#include "protocol/http_fields.hpp"
#include "protocol/webhook_signature.hpp"
#include "protocol/websocket_events.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::hook_event_test {

namespace {

constexpr std::string_view pid = "12@0A1B-77";

// 2023-11-14T22:13:20.123Z
constexpr milliseconds now{1'700'000'000'123};

ws_message message(std::uint64_t seq, std::string_view data,
                   message_type type = message_type::text) {
  ws_message out{};
  out.client_pid = pid;
  out.topic = "ws.message";
  out.seq = seq;
  out.type = type;
  out.data = data;
  return out;
}

ws_leave leave(leave_reason reason, std::uint16_t code, std::string text = {},
               std::uint64_t last_seq = 0) {
  ws_leave out{};
  out.client_pid = pid;
  out.reason = reason;
  out.code = code;
  out.text = std::move(text);
  out.last_seq = last_seq;
  return out;
}

ws_join join(std::string_view metadata) {
  ws_join out{};
  out.client_pid = pid;
  out.metadata = metadata;
  return out;
}

// Requests to one server.
struct fixture {
  // The events have happened when it is sent.
  http_request request(std::vector<hook_event> events) const {
    for (auto& each : events)
      each.time = now;
    hook_destination where{target, "/nodes/n/targets/hook", keys};
    return to_request(where, who, events, now);
  }

  // All fields, a line each.
  std::string lines(const std::vector<hook_event>& events) const {
    std::string out;
    for (auto& each : request(events).headers)
      out.append(each.first).append(": ").append(each.second).append("\n");
    return out;
  }

  // One field, or "-".
  std::string field(const std::vector<hook_event>& events,
                    std::string_view name) const {
    auto made = request(events);
    CHECK(count_fields(made.headers, name) < 2);
    return std::string{find_field(made.headers, name).value_or("-")};
  }

  std::string target = "/hook";
  hook_subject who{pid, "", "", ""};
  std::vector<std::string> keys;
};

std::string text_of(const shared_buffer& bytes) {
  return std::string{bytes.view()};
}

} // namespace

// -- each kind ----------------------------------------------------------------

TEST_CASE("the kinds are types of org.wsrelay") {
  CHECK(to_text(hook_kind::connected) == "org.wsrelay.connected");
  CHECK(to_text(hook_kind::message) == "org.wsrelay.message");
  CHECK(to_text(hook_kind::heartbeat) == "org.wsrelay.heartbeat");
  CHECK(to_text(hook_kind::disconnected) == "org.wsrelay.disconnected");
}

TEST_CASE_FIXTURE(fixture, "a text is a request with its bytes") {
  auto event = make_message(message(17, "h\xC3\xA9llo"));
  CHECK(event.kind == hook_kind::message);
  CHECK(event.id == "12@0A1B-77/17");
  CHECK(event.seq == 17);
  CHECK_FALSE(event.promise);
  auto made = request({event});
  CHECK(made.method == "POST");
  CHECK(made.target == "/hook");
  CHECK(text_of(made.body) == "h\xC3\xA9llo");
  CHECK_FALSE(made.websocket);
  CHECK(lines({event})
        == "Content-Type: text/plain; charset=utf-8\n"
           "ce-specversion: 1.0\n"
           "ce-type: org.wsrelay.message\n"
           "ce-source: /nodes/n/targets/hook\n"
           "ce-id: 12@0A1B-77/17\n"
           "ce-time: 2023-11-14T22:13:20.123Z\n"
           "ce-connectionid: 12@0A1B-77\n"
           "ce-seq: 17\n"
           "ce-topic: ws.message\n");
}

TEST_CASE_FIXTURE(fixture, "a binary message is a request with its bytes") {
  std::string bytes("\x00\xFF\r\n\x80", 5);
  auto event = make_message(message(1, bytes, message_type::binary));
  CHECK(text_of(request({event}).body) == bytes);
  CHECK(field({event}, "Content-Type") == "application/octet-stream");
  CHECK(field({event}, "ce-type") == "org.wsrelay.message");
}

TEST_CASE_FIXTURE(fixture, "a message shares its bytes with the request") {
  auto heard = message(1, "hello");
  auto event = make_message(heard);
  CHECK(request({event}).body.data() == heard.data.data());
}

TEST_CASE_FIXTURE(fixture, "an empty message has an empty body") {
  auto event = make_message(message(1, ""));
  CHECK(request({event}).body.empty());
  CHECK(field({event}, "Content-Type") == "text/plain; charset=utf-8");
}

TEST_CASE_FIXTURE(fixture, "connected brings the metadata") {
  auto event = make_connected(join(R"({"user":"ann"})"), 3);
  CHECK(event.kind == hook_kind::connected);
  CHECK(event.id == "12@0A1B-77/connected/3");
  CHECK(event.seq == 0);
  CHECK(text_of(request({event}).body) == R"({"user":"ann"})");
  CHECK(lines({event})
        == "Content-Type: application/json\n"
           "ce-specversion: 1.0\n"
           "ce-type: org.wsrelay.connected\n"
           "ce-source: /nodes/n/targets/hook\n"
           "ce-id: 12@0A1B-77/connected/3\n"
           "ce-time: 2023-11-14T22:13:20.123Z\n"
           "ce-connectionid: 12@0A1B-77\n"
           "ce-seq: 0\n");
}

TEST_CASE_FIXTURE(fixture, "connected without metadata brings an object") {
  CHECK(text_of(request({make_connected(join(""), 1)}).body) == "{}");
}

TEST_CASE_FIXTURE(fixture, "a heartbeat tells time and count") {
  ws_heartbeat beat{};
  beat.client_pid = pid;
  beat.uptime = milliseconds{61'005};
  beat.message_count = 18'446'744'073'709'551'615u;
  auto event = make_heartbeat(beat, 9);
  CHECK(event.kind == hook_kind::heartbeat);
  CHECK(event.id == "12@0A1B-77/heartbeat/9");
  CHECK(text_of(event.data)
        == R"({"uptime_ms":61005,"message_count":18446744073709551615})");
  CHECK(field({event}, "Content-Type") == "application/json");
  CHECK(field({event}, "ce-type") == "org.wsrelay.heartbeat");
  CHECK(field({event}, "ce-seq") == "18446744073709551615");
  CHECK(field({event}, "ce-topic") == "-");
}

TEST_CASE_FIXTURE(fixture, "disconnected tells how it ended") {
  auto event =
      make_disconnected(leave(leave_reason::client_closed, 1000, "bye", 17), 4);
  CHECK(event.kind == hook_kind::disconnected);
  CHECK(event.id == "12@0A1B-77/disconnected/4");
  CHECK(
      text_of(event.data)
      == R"({"reason":"client_closed","code":1000,"text":"bye","last_seq":17})");
  CHECK(field({event}, "Content-Type") == "application/json");
  CHECK(field({event}, "ce-type") == "org.wsrelay.disconnected");
  CHECK(field({event}, "ce-seq") == "17");
}

TEST_CASE("a client's word in disconnected is a JSON string") {
  auto told = [](std::string text) {
    return text_of(
        make_disconnected(leave(leave_reason::closed, 4000, std::move(text)), 1)
            .data);
  };
  CHECK(told(R"(say "hi" \ )")
        == R"({"reason":"closed","code":4000,"text":"say \"hi\" \\ ",)"
           R"("last_seq":0})");
  CHECK(told("a\nb\x01") // no raw control character
        == R"({"reason":"closed","code":4000,"text":"a\nb\u0001",)"
           R"("last_seq":0})");
  CHECK(told("h\xC3\xA9")
        == "{\"reason\":\"closed\",\"code\":4000,\"text\":\"h\xC3\xA9\","
           "\"last_seq\":0}");
}

TEST_CASE("disconnected has a reason for each way to leave") {
  auto told = [](leave_reason reason) {
    auto text = text_of(make_disconnected(leave(reason, 0), 1).data);
    auto begin = text.find(R"(":")") + 3;
    return text.substr(begin, text.find('"', begin) - begin);
  };
  CHECK(told(leave_reason::connection_lost) == "connection_lost");
  CHECK(told(leave_reason::transferred) == "transferred");
  CHECK(told(leave_reason::rolled_back) == "rolled_back");
  CHECK(told(leave_reason::shutdown) == "shutdown");
  CHECK(told(leave_reason::expired) == "expired");
}

// -- the connection -----------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "what a connection has comes with each event") {
  who = {pid, "chat.v2", "room=7",
         "00-0123456789abcdef0123456789abcdef-"
         "0123456789abcdef-01"};
  for (auto& event :
       {make_message(message(1, "x")), make_connected(join("{}"), 1),
        make_heartbeat(ws_heartbeat{}, 1),
        make_disconnected(leave(leave_reason::closed, 1000), 1)}) {
    CHECK(field({event}, "ce-connectionid") == "12@0A1B-77");
    CHECK(field({event}, "ce-subprotocol") == "chat.v2");
    CHECK(field({event}, "ce-state") == "room=7");
    CHECK(field({event}, "traceparent") == std::string{who.traceparent});
  }
}

TEST_CASE_FIXTURE(fixture, "what it has not is no field") {
  auto event = make_message(message(1, "x"));
  for (auto name :
       {"ce-subprotocol", "ce-state", "ce-count", "ce-subject", "traceparent",
        "webhook-id", "webhook-timestamp", "webhook-signature"}) {
    CAPTURE(name);
    CHECK(field({event}, name) == "-");
  }
  event.topic = {};
  CHECK(field({event}, "ce-topic") == "-");
}

TEST_CASE_FIXTURE(fixture, "state and subprotocol are percent-encoded") {
  who.state = "a b\r\n\"100%\" h\xC3\xA9";
  who.subprotocol = "v1\" x";
  auto event = make_message(message(1, "x"));
  CHECK(field({event}, "ce-state") == "a%20b%0D%0A%22100%25%22%20h%C3%A9");
  CHECK(field({event}, "ce-subprotocol") == "v1%22%20x");
}

TEST_CASE_FIXTURE(fixture, "a topic is the message's, percent-encoded") {
  auto heard = message(1, "x");
  heard.topic = "news/\xE2\x82\xAC 1";
  CHECK(field({make_message(heard)}, "ce-topic") == "news/%E2%82%AC%201");
}

TEST_CASE_FIXTURE(fixture, "a request goes where the target's URL says") {
  auto event = make_message(message(1, "x"));
  target = "/a/b/?c=d?e";
  CHECK(request({event}).target == "/a/b/?c=d?e");
  CHECK(request({event}).path == "/a/b/");
  target = "/?x";
  CHECK(request({event}).path == "/");
}

// -- batches ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "several messages are one request of events") {
  std::string bytes("\x00\r\n", 3);
  auto made = std::vector{make_message(message(5, "one")),
                          make_message(message(6, bytes, message_type::binary)),
                          make_message(message(7, ""))};
  CHECK(text_of(request(made).body)
        == "TEXT 3\r\none\r\nBINARY 3\r\n" + bytes + "\r\nTEXT\r\n");
  CHECK(lines(made)
        == "Content-Type: application/websocket-events\n"
           "ce-specversion: 1.0\n"
           "ce-type: org.wsrelay.message\n"
           "ce-source: /nodes/n/targets/hook\n"
           "ce-id: 12@0A1B-77/7\n" // of the last one
           "ce-time: 2023-11-14T22:13:20.123Z\n"
           "ce-connectionid: 12@0A1B-77\n"
           "ce-seq: 7\n"
           "ce-topic: ws.message\n"
           "ce-count: 3\n");
}

TEST_CASE_FIXTURE(fixture, "a batch reads as its messages") {
  std::string bytes(1000, '\xFF');
  auto body = request({make_message(message(1, bytes, message_type::binary)),
                       make_message(message(2, "TEXT 3\r\nabc\r\n"))})
                  .body;
  auto read = parse_websocket_events(body.view(), 2);
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK((*read)[0].what == websocket_event::kind::binary);
  CHECK((*read)[0].content == bytes);
  CHECK((*read)[1].what == websocket_event::kind::text);
  CHECK((*read)[1].content == "TEXT 3\r\nabc\r\n");
}

TEST_CASE_FIXTURE(fixture, "one message is no batch") {
  CHECK(field({make_message(message(1, "x"))}, "ce-count") == "-");
}

// -- signatures ---------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "with a key a request is signed") {
  keys = {std::string(24, 'k')};
  auto event = make_message(message(17, R"({"test": 2432232314})"));
  CHECK(field({event}, "webhook-id") == "12@0A1B-77/17");
  CHECK(field({event}, "webhook-timestamp") == "1700000000");
  auto signature = field({event}, "webhook-signature");
  CHECK(signature
        == webhook_signature(keys, "12@0A1B-77/17", 1'700'000'000,
                             R"({"test": 2432232314})"));
  CHECK(signature.starts_with("v1,"));
  CHECK(signature.size() == 3 + 44);
}

TEST_CASE_FIXTURE(fixture, "each key signs") {
  std::string a(24, 'a'), b(64, 'b');
  keys = {a, b};
  auto event = make_connected(join("{}"), 1);
  auto id = "12@0A1B-77/connected/1";
  CHECK(field({event}, "webhook-signature")
        == webhook_signature({a}, id, 1'700'000'000, "{}") + " "
               + webhook_signature({b}, id, 1'700'000'000, "{}"));
}

TEST_CASE_FIXTURE(fixture, "a batch is signed as a whole, with its last id") {
  keys = {std::string(24, 'k')};
  auto made =
      std::vector{make_message(message(1, "a")), make_message(message(2, "b"))};
  CHECK(field(made, "webhook-id") == field(made, "ce-id"));
  CHECK(field(made, "webhook-signature")
        == webhook_signature(keys, "12@0A1B-77/2", 1'700'000'000,
                             "TEXT 1\r\na\r\nTEXT 1\r\nb\r\n"));
}

TEST_CASE_FIXTURE(fixture, "another try has the same id and its own second") {
  keys = {std::string(24, 'k')};
  auto event = make_message(message(1, "x"));
  hook_destination where{target, "/s", keys};
  auto first = to_request(where, who, std::vector{event}, milliseconds{1999});
  auto next = to_request(where, who, std::vector{event}, milliseconds{2000});
  auto of = [](const http_request& from, std::string_view name) {
    return std::string{find_field(from.headers, name).value_or("-")};
  };
  CHECK(of(first, "webhook-id") == of(next, "webhook-id"));
  CHECK(of(first, "ce-id") == of(next, "ce-id"));
  CHECK(of(first, "webhook-timestamp") == "1");
  CHECK(of(next, "webhook-timestamp") == "2");
  CHECK(of(first, "webhook-signature") != of(next, "webhook-signature"));
}

TEST_CASE_FIXTURE(fixture, "nothing in an event splits a request") {
  who = {pid, "a\r\nX: 1", "b\r\nX: 2", ""};
  auto heard = message(1, "c\r\nX: 3");
  heard.topic = "d\r\nX: 4";
  for (auto& each : request({make_message(heard)}).headers) {
    CAPTURE(each.first);
    CHECK(is_safe_field(each.first, each.second));
    CHECK(is_token(each.first));
  }
}

} // namespace wsrelay::hook_event_test
