// What may stand in an assertion can be printed: values of the relay's
// messages, of CAF and of the kit. As operator<< beside the types, where
// doctest, Catch2, GoogleTest and streams look for it.
#pragma once

#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "actors/messages.hpp"
#include "protocol/result.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>
#include <caf/optional.hpp>
#include <caf/sec.hpp>

#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace wsrelay::test {

template <class T>
concept printable = requires(std::ostream& out, const T& x) {
  out << x;
};

/// Returns what is printed of a value.
template <printable T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

/// A text as a test's output has it: in quotes, with escapes, cut behind 200
/// bytes.
std::string shown_text(std::string_view text);

/// The same of bytes, in hexadecimal, cut behind 32: "01 ff (2 bytes)".
std::string shown_bytes(std::string_view bytes);

/// Returns a type's name as it is written.
std::string type_name(const std::type_info& type);

/// Lines that print themselves, each in a line of its own. Compares with any
/// vector of strings.
struct text_list : std::vector<std::string> {
  using std::vector<std::string>::vector;
};

std::ostream& operator<<(std::ostream& out, const text_list& lines);

} // namespace wsrelay::test

namespace wsrelay {

std::ostream& operator<<(std::ostream& out, message_type type);
std::ostream& operator<<(std::ostream& out, leave_reason reason);
std::ostream& operator<<(std::ostream& out, end_cause cause);
std::ostream& operator<<(std::ostream& out, errc code);
std::ostream& operator<<(std::ostream& out, const shared_buffer& data);
std::ostream& operator<<(std::ostream& out, const close_info& info);
std::ostream& operator<<(std::ostream& out, const ws_join& message);
std::ostream& operator<<(std::ostream& out, const ws_message& message);
std::ostream& operator<<(std::ostream& out, const ws_heartbeat& message);
std::ostream& operator<<(std::ostream& out, const ws_leave& message);
std::ostream& operator<<(std::ostream& out, const ws_overflow& message);
std::ostream& operator<<(std::ostream& out, const ws_drained& message);
std::ostream& operator<<(std::ostream& out, const ws_refused& message);
std::ostream& operator<<(std::ostream& out, const ws_send& message);
std::ostream& operator<<(std::ostream& out, const ws_close& message);
std::ostream& operator<<(std::ostream& out, const ws_control& message);
std::ostream& operator<<(std::ostream& out, const ws_event& message);
std::ostream& operator<<(std::ostream& out, const http_request& request);
std::ostream& operator<<(std::ostream& out, const relay_to& command);
std::ostream& operator<<(std::ostream& out, const http_response& response);

/// A value, or what failed: "!no such name".
template <class T>
std::ostream& operator<<(std::ostream& out, const result<T>& value) {
  if (!value)
    return out << '!' << value.error().what;
  if constexpr (test::printable<T>)
    return out << *value;
  else
    return out << "passed";
}

template <test::printable T>
std::ostream& operator<<(std::ostream& out, const std::vector<T>& values) {
  out << '{';
  for (auto& value : values)
    out << (&value == values.data() ? "" : ", ") << value;
  return out << '}';
}

template <test::printable T>
std::ostream& operator<<(std::ostream& out, const std::optional<T>& value) {
  if (value)
    return out << *value;
  return out << "nothing";
}

} // namespace wsrelay

namespace wsrelay::test {

using wsrelay::operator<<; // for containers of the kit's own types

} // namespace wsrelay::test

namespace caf {

/// By the name of wsrelay's and CAF's own codes: "closing: TEXT"; "none".
std::ostream& operator<<(std::ostream& out, const error& value);
std::ostream& operator<<(std::ostream& out, sec code);
std::ostream& operator<<(std::ostream& out, exit_reason reason);
std::ostream& operator<<(std::ostream& out, const actor& who);
std::ostream& operator<<(std::ostream& out, const message& value);
std::ostream& operator<<(std::ostream& out, const std::optional<error>& value);

/// CAF has one of its own, which this goes before: a value, or "!ERROR".
template <class T>
requires wsrelay::test::printable<error> std::ostream&
operator<<(std::ostream& out, const expected<T>& value) {
  if (!value)
    return out << '!' << value.error();
  if constexpr (std::is_void_v<T>)
    return out << "success";
  else if constexpr (wsrelay::test::printable<T>)
    return out << *value;
  else
    return out << "a value";
}

template <wsrelay::test::printable T>
std::ostream& operator<<(std::ostream& out, const optional<T>& value) {
  if (value)
    return out << *value;
  return out << "nothing";
}

} // namespace caf
