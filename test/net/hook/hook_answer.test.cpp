// What responses order.
#include "net/hook/hook_answer.hpp"

#include "protocol/relay_command.hpp"

#include "protocol/websocket_events.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay::hook_answer_test {

namespace {

using kind = websocket_event::kind;

http_response response(std::uint16_t status, http_fields headers = {},
                       std::string_view body = {}) {
  http_response out;
  out.status = status;
  out.headers = std::move(headers);
  out.body = body;
  return out;
}

http_response typed(std::string_view type, std::string_view body,
                    std::uint16_t status = 200) {
  return response(status, {{"Content-Type", std::string{type}}}, body);
}

http_response events(std::string_view body) {
  return typed("application/websocket-events", body);
}

// The orders as text: "text:hello binary:x close:1000:bye state:s target:t".
std::string orders(const http_response& from,
                   hook_kind kind = hook_kind::message) {
  auto read = read_orders(from, kind);
  if (!read)
    return "failure: " + read.error().what;
  std::string out;
  auto add = [&out](std::string text) {
    out.append(out.empty() ? "" : " ").append(text);
  };
  for (auto& each : read->messages)
    add((each.type == message_type::text ? "text:" : "binary:")
        + std::string{each.data.view()});
  if (read->close)
    add("close:" + std::to_string(read->close->code) + ":"
        + read->close->reason);
  if (read->state)
    add("state:" + *read->state);
  if (!read->target.empty())
    add("target:" + read->target);
  return out;
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
  std::string content{static_cast<char>(code >> 8),
                      static_cast<char>(code & 0xFF)};
  std::string out;
  append_websocket_event(out, kind::close, content.append(reason));
  return out;
}

} // namespace

// -- bodies -------------------------------------------------------------------

TEST_CASE("a body is a text where its type is one") {
  for (auto type :
       {"text/plain", "text/html", "text/plain; charset=utf-8", "TEXT/Plain",
        "application/json", "application/json;charset=utf-8",
        "Application/JSON", "application/problem+json", "  text/plain  ",
        "text/plain ;x", "application/vnd.x+json; v=1"}) {
    CAPTURE(type);
    CHECK(orders(typed(type, "h\xC3\xA9")) == "text:h\xC3\xA9");
  }
}

TEST_CASE("a body of another type, or of none, is binary") {
  for (auto type : {"application/octet-stream", "image/png", "", "text",
                    "application/jsonx", "application/xml", "x; text/plain",
                    "application/websocket-eventsx"}) {
    CAPTURE(type);
    CHECK(orders(typed(type, "\xFF\x01")) == "binary:\xFF\x01");
  }
  CHECK(orders(response(200, {}, "x")) == "binary:x");
}

TEST_CASE("an empty body is no message") {
  for (auto type : {"text/plain", "application/octet-stream",
                    "application/websocket-events", "application/json"}) {
    CAPTURE(type);
    CHECK(orders(typed(type, "")) == "");
  }
  CHECK(orders(response(200)) == "");
}

TEST_CASE("202 and 204 order no message, whatever they hold") {
  for (std::uint16_t status : {202, 204}) {
    CAPTURE(status);
    CHECK(orders(typed("text/plain", "hello", status)) == "");
    CHECK(orders(typed("text/plain", "\xFF", status)) == "");
    CHECK(orders(typed("application/websocket-events", "CLOSE\r\n", status))
          == "");
    CHECK(orders(typed("application/websocket-events", "?", status)) == "");
    CHECK(orders(response(status, {{"ce-state", "s"}, {"wsrelay-target", "t"}},
                          "hello"))
          == "state:s target:t");
  }
  for (std::uint16_t status : {200, 201, 203, 206, 299}) {
    CAPTURE(status);
    CHECK(orders(typed("text/plain", "hello", status)) == "text:hello");
  }
}

TEST_CASE("a text that is not UTF-8 is a failure") {
  auto failed = "failure: the text of its response is not UTF-8";
  CHECK(orders(typed("text/plain", "\xFF")) == failed);
  CHECK(orders(typed("application/json", "\"\xC3\"")) == failed);
  CHECK(orders(typed("text/plain; charset=latin1", "h\xE9")) == failed);
}

TEST_CASE("a body keeps its memory") {
  auto from = typed("text/plain", "hello");
  auto read = read_orders(from, hook_kind::message);
  REQUIRE(read);
  REQUIRE(read->messages.size() == 1);
  CHECK(read->messages[0].data.data() == from.body.data());
}

// -- events -------------------------------------------------------------------

TEST_CASE("a body of events is messages in their order") {
  CHECK(orders(events("TEXT 3\r\none\r\nBINARY 1\r\n\xFF\r\nTEXT\r\n"))
        == "text:one binary:\xFF text:");
  CHECK(orders(typed("Application/WebSocket-Events; x=y", "TEXT 1\r\na\r\n"))
        == "text:a");
}

TEST_CASE("events that are no message and no end do nothing") {
  CHECK(orders(events("OPEN\r\nPING\r\nPONG 1\r\nx\r\nTEXT 1\r\na\r\n"))
        == "text:a");
  CHECK(orders(events("OPEN\r\n")) == "");
}

TEST_CASE("a close comes behind the messages") {
  CHECK(orders(events("TEXT 3\r\nbye\r\n" + close_frame(4001, "as you wish")))
        == "text:bye close:4001:as you wish");
  CHECK(orders(events(close_frame(1000, ""))) == "close:1000:");
  CHECK(orders(events("CLOSE\r\n")) == "close:1000:");
  CHECK(orders(events("CLOSE 0\r\n\r\n")) == "close:1000:");
}

TEST_CASE("a disconnect closes as a failure") {
  CHECK(orders(events("TEXT 1\r\na\r\nDISCONNECT\r\n"))
        == "text:a close:1011:the server behind it ended it");
}

TEST_CASE("events that no WebSocket could carry are a failure") {
  for (auto& body :
       {std::string{"hello"}, std::string{"TEXT 5\r\nabc\r\n"},
        std::string{"TEXT 1\r\n\xFF\r\n"}, std::string{"CLOSE 1\r\nx\r\n"},
        close_frame(1005, ""), close_frame(999, ""), close_frame(1000, "\xFF"),
        close_frame(1000, std::string(124, 'x')),
        close_frame(1000, "") + "TEXT 1\r\na\r\n",
        std::string{"DISCONNECT\r\nCLOSE\r\n"}}) {
    CAPTURE(body);
    CHECK(orders(events(body)).starts_with("failure: "));
  }
  CHECK(orders(events(close_frame(1000, std::string(123, 'x'))))
        == "close:1000:" + std::string(123, 'x'));
}

TEST_CASE("a response holds up to 1000 events") {
  auto many = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
      out += "TEXT 1\r\nx\r\n";
    return read_orders(events(out), hook_kind::message);
  };
  CHECK(many(999)->messages.size() == 999);
  CHECK(many(max_answer_messages)->messages.size() == 1000);
  CHECK_FALSE(many(1001));
}

// -- fields -------------------------------------------------------------------

TEST_CASE("a state is set, and decoded once") {
  auto set = [](std::string value) {
    return orders(response(204, {{"CE-State", std::move(value)}}));
  };
  CHECK(set("room=7") == "state:room=7");
  CHECK(set("a%20b%0d%0A%25") == "state:a b\r\n%");
  CHECK(set("%2541") == "state:%41");
  CHECK(set("100%") == "state:100%");
  CHECK(set("h%C3%A9") == "state:h\xC3\xA9");
  CHECK(set("") == "state:"); // there is none any more
  CHECK(orders(response(204)) == "");
}

TEST_CASE("a state has up to 4096 bytes once it is decoded") {
  auto set = [](std::string value) {
    return read_orders(response(200, {{"ce-state", std::move(value)}}),
                       hook_kind::message);
  };
  CHECK(set(std::string(4095, 'x'))->state->size() == 4095);
  CHECK(set(std::string(4096, 'x'))->state->size() == max_relay_state);
  std::string encoded;
  for (auto i = 0; i < 4096; ++i)
    encoded += "%20";
  CHECK(set(encoded)->state == std::string(4096, ' '));
  for (auto& value : {std::string(4097, 'x'), encoded + "x"}) {
    auto failed = set(value);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().what == "its ce-state has more than 4096 bytes");
  }
}

TEST_CASE("a state that is not UTF-8 is a failure") {
  for (auto value : {"%FF", "\xFF", "a%C3"}) {
    CAPTURE(value);
    CHECK(orders(response(204, {{"ce-state", value}}))
          == "failure: its ce-state is not UTF-8");
  }
}

TEST_CASE("groups are names between commas") {
  auto read = [](http_fields fields) {
    return read_orders(response(204, std::move(fields)), hook_kind::message);
  };
  auto found =
      read({{"Wsrelay-Join-Groups", "a, b-7,"}, {"wsrelay-leave-groups", "c"}});
  REQUIRE(found);
  CHECK(found->join_groups == std::vector<std::string>{"a", "b-7"});
  CHECK(found->leave_groups == std::vector<std::string>{"c"});
  CHECK(found->has_control());
  CHECK_FALSE(read({{"wsrelay-join-groups", " "}})->has_control());
  auto failed = read({{"wsrelay-leave-groups", "a b"}});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().what.starts_with("its wsrelay-leave-groups: a group's"));
}

TEST_CASE("a target is a name or a PID that a command may hold") {
  auto move = [](std::string value) {
    return orders(response(204, {{"Wsrelay-Target", std::move(value)}}));
  };
  CHECK(move("chat") == "target:chat");
  CHECK(move("chat@app1") == "target:chat@app1");
  CHECK(move(std::string(256, 'x')) == "target:" + std::string(256, 'x'));
  CHECK(move("").starts_with("failure: its wsrelay-target "));
  CHECK(move("wsrelay.directory").starts_with("failure: its wsrelay-target "));
  CHECK(move("chat@").starts_with("failure: its wsrelay-target "));
  CHECK(move("a\xFF").starts_with("failure: its wsrelay-target "));
  CHECK(move(std::string(257, 'x')).starts_with("failure: its wsrelay-target"));
}

TEST_CASE("one response may order all of it") {
  auto from = events("TEXT 1\r\na\r\nCLOSE\r\n");
  from.headers.emplace_back("ce-state", "s");
  from.headers.emplace_back("wsrelay-target", "t");
  CHECK(orders(from) == "text:a close:1000: state:s target:t");
  CHECK(orders(from, hook_kind::connected) == orders(from));
  CHECK(orders(from, hook_kind::heartbeat) == orders(from));
}

TEST_CASE("to a disconnected nothing is ordered") {
  for (auto& from :
       {typed("text/plain", "hello"), typed("text/plain", "\xFF"),
        events("CLOSE\r\n"), events("?"),
        response(200, {{"ce-state", "s"}, {"wsrelay-target", "t"}}),
        response(200, {{"ce-state", std::string(5000, 'x')}}),
        response(200, {{"wsrelay-target", ""}})})
    CHECK(orders(from, hook_kind::disconnected) == "");
}

} // namespace wsrelay::hook_answer_test
