// CloudEvents 1.0.2 in HTTP's binary mode: what an event is, as header fields.
// Its data and their Content-Type are the message's own.
#pragma once

#include "protocol/http_fields.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// The attributes of an event, all UTF-8. CloudEvents wants type, source and id
/// to be there, and source and id together to be of one event only.
struct cloud_event {
  std::string_view type{};
  std::string_view source{}; // a URI reference
  std::string_view id{};
  std::string_view subject{};       // empty = none
  std::chrono::milliseconds time{}; // since the Unix epoch
  /// More attributes; names of lower-case letters and digits of ASCII.
  std::vector<std::pair<std::string_view, std::string>> extensions{};
};

/// Returns the fields of section 3.1.3 of the HTTP Protocol Binding, in lower
/// case: ce-specversion, ce-type, ce-source, ce-id, ce-time (RFC 3339 in UTC
/// with milliseconds; the nearest that has a year of four digits), ce-subject
/// where there is one, and each extension. Values are percent-encoded, so that
/// no byte of them can split a message. An extension whose name is none, or is
/// that of a field before, is left out.
http_fields to_fields(const cloud_event& event);

/// Reverses the percent-encoding of a field's value (section 3.1.3.2), once;
/// what only looks like an escape stays as it is. Takes no quotes away and does
/// not check that the result is UTF-8.
std::string decode_ce_value(std::string_view value);

} // namespace wsrelay
