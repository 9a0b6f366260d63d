// Close codes and close reasons of RFC 6455 section 7.4: which may be sent, and
// what fits into a close frame.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

/// The registered close codes that wsrelay sends or reports.
/// Source: RFC 6455 section 7.4.1 and the IANA WebSocket registry.
enum class close_code : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005, // never sent: the close frame had no code
  abnormal = 1006,  // never sent: there was no close frame
  invalid_payload = 1007,
  policy_violation = 1008,
  message_too_big = 1009,
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
};

/// Bytes of UTF-8 that fit into a close frame beside the code: a control frame
/// carries at most 125 bytes (RFC 6455 section 5.5), two of them the code.
inline constexpr std::size_t max_close_reason = 123;

/// Returns whether an endpoint may put `code` into a close frame:
/// 1000-1003, 1007-1014 and 3000-4999.
bool is_sendable(std::uint16_t code) noexcept;

/// Checks what an actor wants to close with: a sendable code, a reason that is
/// valid UTF-8 and at most `max_close_reason` bytes.
checked check_close(std::uint16_t code, std::string_view reason);

/// Returns the longest prefix of `reason` that fits into a close frame and does
/// not end inside a UTF-8 sequence.
std::string_view fit_close_reason(std::string_view reason) noexcept;

} // namespace wsrelay
