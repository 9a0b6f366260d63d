// Reading and writing events. A body is read once, from its front.
#include "protocol/websocket_events.hpp"

#include "protocol/close_code.hpp"
#include "protocol/frame.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <system_error>

namespace wsrelay {

namespace {

using event_kind = websocket_event::kind;

constexpr std::string_view event_line_end = "\r\n";
constexpr std::size_t max_length_digits = 8;

// In the order of `websocket_event::kind`.
constexpr std::array<std::string_view, 7> event_types{
    "OPEN", "TEXT", "BINARY", "PING", "PONG", "CLOSE", "DISCONNECT"};

failure event_failure(std::string_view what, std::size_t at) {
  return {fmt::format("{} at byte {}", what, at)};
}

std::optional<event_kind> event_kind_of(std::string_view type) noexcept {
  const auto* found = std::find(event_types.begin(), event_types.end(), type);
  if (found == event_types.end())
    return std::nullopt;
  return static_cast<event_kind>(found - event_types.begin());
}

// For an unsigned number `from_chars` takes neither sign nor prefix.
std::optional<std::size_t> event_length_of(std::string_view digits) noexcept {
  std::uint32_t value = 0;
  const auto* end = digits.data() + digits.size();
  auto read = std::from_chars(digits.data(), end, value, 16);
  if (digits.size() > max_length_digits || read.ec != std::errc{}
      || read.ptr != end)
    return std::nullopt;
  return value;
}

std::string_view event_type_of(event_kind what) noexcept {
  return event_types[static_cast<std::size_t>(what)];
}

bool is_last_event(event_kind what) noexcept {
  return what == event_kind::close || what == event_kind::disconnect;
}

// -- contents: `at` is where they begin ---------------------------------------

checked read_event_text(websocket_event& out, std::string_view content,
                        std::size_t at) {
  if (!is_valid_utf8(content))
    return event_failure("the text is not valid UTF-8",
                         at + valid_utf8_prefix(content));
  out.content = content;
  return passed();
}

checked read_event_control(websocket_event& out, std::string_view content,
                           std::size_t at) {
  if (content.size() > max_control_payload)
    return event_failure(fmt::format("a {} has more than {} bytes",
                                     event_type_of(out.what),
                                     max_control_payload),
                         at);
  out.content = content;
  return passed();
}

checked read_event_close(websocket_event& out, std::string_view content,
                         std::size_t at) {
  if (content.empty())
    return passed();
  if (content.size() == 1)
    return event_failure("a CLOSE has one byte of a close code", at);
  auto high = static_cast<unsigned char>(content[0]);
  auto low = static_cast<unsigned char>(content[1]);
  out.code = static_cast<std::uint16_t>(high << 8 | low);
  out.reason = content.substr(2);
  if (auto close = check_close(out.code, out.reason); !close)
    return event_failure(close.error().what, at);
  return passed();
}

checked read_event_nothing(const websocket_event& out, std::string_view content,
                           std::size_t at) {
  if (!content.empty())
    return event_failure(fmt::format("{} has content", event_type_of(out.what)),
                         at);
  return passed();
}

checked read_event_content(websocket_event& out, std::string_view content,
                           std::size_t at) {
  switch (out.what) {
    case event_kind::text:
      return read_event_text(out, content, at);
    case event_kind::ping:
    case event_kind::pong:
      return read_event_control(out, content, at);
    case event_kind::close:
      return read_event_close(out, content, at);
    case event_kind::open:
    case event_kind::disconnect:
      return read_event_nothing(out, content, at);
    case event_kind::binary:
      break;
  }
  out.content = content;
  return passed();
}

// -- the sequence -------------------------------------------------------------

class event_reader {
public:
  explicit event_reader(std::string_view body) : body_{body} {}

  bool is_done() const noexcept { return at_ == body_.size(); }
  std::size_t at() const noexcept { return at_; }

  // Takes an event off the front of what is left, or fails for good.
  result<websocket_event> take() {
    auto end = body_.find(event_line_end, at_);
    if (end == body_.npos)
      return event_failure("the line of an event has no end", at_);
    auto line = body_.substr(at_, end - at_);
    auto blank = std::min(line.find(' '), line.size());
    auto kind = event_kind_of(line.substr(0, blank));
    if (!kind)
      return event_failure("no known type of an event", at_);
    websocket_event out;
    out.what = *kind;
    auto digits_at = at_ + blank + 1;
    at_ = end + event_line_end.size();
    if (blank == line.size())
      return out;
    if (auto read = take_content(out, line.substr(blank + 1), digits_at); !read)
      return read.error();
    return out;
  }

private:
  checked take_content(websocket_event& out, std::string_view digits,
                       std::size_t digits_at) {
    auto length = event_length_of(digits);
    if (!length)
      return event_failure("no length of 1 to 8 hexadecimal digits", digits_at);
    if (*length > body_.size() - at_)
      return event_failure("a length beyond the end of the body", digits_at);
    auto begin = at_;
    at_ += *length;
    if (!body_.substr(at_).starts_with(event_line_end))
      return event_failure("no line end after the content", at_);
    at_ += event_line_end.size();
    return read_event_content(out, body_.substr(begin, *length), begin);
  }

  std::string_view body_;
  std::size_t at_ = 0;
};

} // namespace

result<std::vector<websocket_event>>
parse_websocket_events(std::string_view body, std::size_t max_events) {
  std::vector<websocket_event> out;
  event_reader reader{body};
  while (!reader.is_done()) {
    auto at = reader.at();
    if (!out.empty() && is_last_event(out.back().what))
      return event_failure("something follows the last event", at);
    if (out.size() == max_events)
      return event_failure(fmt::format("more than {} events", max_events), at);
    auto event = reader.take();
    if (!event)
      return event.error();
    out.push_back(*event);
  }
  return out;
}

void append_websocket_event(std::string& out, websocket_event::kind what,
                            std::string_view content) {
  out += event_type_of(what);
  if (!content.empty()) {
    fmt::format_to(std::back_inserter(out), " {:X}\r\n", content.size());
    out += content;
  }
  out += event_line_end;
}

} // namespace wsrelay
