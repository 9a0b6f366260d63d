// Characters of UTF-8 one by one, and those that a terminal or a reader of
// lines does not show as what they are.
#pragma once

#include <cstddef>
#include <string_view>

namespace wsrelay {

/// A character, and its size in bytes: 0 = what stands there is no UTF-8.
struct code_point {
  char32_t code;
  std::size_t size;
};

/// Returns the first character of `text`, which is not empty, by RFC 3629: no
/// overlong forms, no surrogates, nothing over U+10FFFF.
code_point first_code_point(std::string_view text) noexcept;

/// Calls `call(code_point, bytes)` with each character of `text` and its bytes,
/// and with each single byte that is none.
template <class F>
void for_each_code_point(std::string_view text, F call) {
  while (!text.empty()) {
    auto next = first_code_point(text);
    auto bytes = text.substr(0, next.size > 0 ? next.size : 1);
    call(next, bytes);
    text.remove_prefix(bytes.size());
  }
}

/// C0, DEL and C1.
constexpr bool is_control_code(char32_t code) noexcept {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

/// Line and paragraph separators, and what reorders the text around it.
constexpr bool is_deceiving(char32_t code) noexcept {
  return (code >= 0x2028 && code <= 0x202E) || code == 0x200E || code == 0x200F
         || code == 0x061C || (code >= 0x2066 && code <= 0x2069)
         || code == 0xFEFF;
}

} // namespace wsrelay
