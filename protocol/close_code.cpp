// Ranges of close codes and the size of close reasons.
#include "protocol/close_code.hpp"

#include "protocol/utf8.hpp"

#include <fmt/format.h>

namespace wsrelay {

bool is_sendable(std::uint16_t code) noexcept {
  // 1004 to 1006 are reserved, 1015 stands for a failed TLS handshake.
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
         || (code >= 3000 && code <= 4999);
}

checked check_close(std::uint16_t code, std::string_view reason) {
  if (!is_sendable(code))
    return failure{fmt::format("close code {} may not be sent", code)};
  if (reason.size() > max_close_reason)
    return failure{fmt::format("the close reason is longer than {} bytes",
                               max_close_reason)};
  if (!is_valid_utf8(reason))
    return failure{"the close reason is not valid UTF-8"};
  return passed();
}

std::string_view fit_close_reason(std::string_view reason) noexcept {
  if (reason.size() <= max_close_reason)
    return reason;
  auto size = max_close_reason;
  while (size > 0 && (reason[size] & 0xC0) == 0x80)
    --size;
  return reason.substr(0, size);
}

} // namespace wsrelay
