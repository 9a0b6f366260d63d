// The body of WebSocket-over-HTTP: how many events it may have, then the body.
// What is read could go over a WebSocket, and is written and read again.
#include "protocol/websocket_events.hpp"

#include "protocol/close_code.hpp"
#include "protocol/text.hpp"
#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

#include <string>
#include <vector>

using namespace wsrelay;
using fuzz::expect;

namespace {

using kind = websocket_event::kind;
using events = std::vector<websocket_event>;

bool is_control(kind what) {
  return what == kind::ping || what == kind::pong;
}

bool is_end(kind what) {
  return what == kind::close || what == kind::disconnect;
}

bool is_within(std::string_view part, std::string_view body) {
  return part.empty()
         || (part.data() >= body.data()
             && part.data() + part.size() <= body.data() + body.size());
}

void check_event(const websocket_event& each, std::string_view body) {
  expect(is_within(each.content, body) && is_within(each.reason, body),
         "what is read stands in the body");
  expect(each.what != kind::text || is_valid_utf8(each.content),
         "a text is UTF-8");
  expect(!is_control(each.what) || each.content.size() <= 125,
         "a ping or a pong fits its frame");
  expect(each.content.empty() || each.what == kind::text
             || each.what == kind::binary || is_control(each.what),
         "only messages, pings and pongs have content");
  expect(each.code == 0
             ? each.reason.empty()
             : each.what == kind::close && check_close(each.code, each.reason),
         "a code and a reason may be sent");
}

std::string content_of(const websocket_event& each) {
  if (each.code == 0)
    return std::string{each.content};
  std::string out{static_cast<char>(each.code >> 8),
                  static_cast<char>(each.code & 0xFF)};
  return out.append(each.reason);
}

std::string print(const events& all) {
  std::string out;
  for (const auto& each : all)
    append_websocket_event(out, each.what, content_of(each));
  return out;
}

void check_events(const events& all, std::string_view body) {
  for (const auto& each : all) {
    check_event(each, body);
    expect(!is_end(each.what) || &each == &all.back(), "an end is the last");
  }
  auto text = print(all);
  expect(text.size() <= body.size(), "nothing is written longer than it was");
  auto again = parse_websocket_events(text, all.size());
  expect(again && *again == all && print(*again) == text,
         "what is written is read back");
  expect(all.empty() || !parse_websocket_events(text, all.size() - 1),
         "one event less is too few");
}

void check_failure(const failure& why, std::string_view body) {
  constexpr std::string_view before_place = " at byte ";
  std::string_view text{why.what};
  auto at = text.rfind(before_place);
  expect(at != text.npos, "a failure tells a place");
  auto place = parse_decimal(text.substr(at + before_place.size()));
  expect(place && *place <= body.size(), "the place is in the body");
  expect(is_plain_utf8(text), "a failure shows nothing of the body");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  std::size_t max_events = in.byte();
  auto body = in.rest();
  auto parsed = parse_websocket_events(body, max_events);
  if (!parsed) {
    check_failure(parsed.error(), body);
    return 0;
  }
  expect(parsed->size() <= max_events, "no more events than there may be");
  check_events(*parsed, body);
  return 0;
}
