// Small helpers on text that the parsers of this folder share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Returns the parts of `text` between the separators, at least one; they view
/// into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Returns `text` without spaces and tabs at both ends.
std::string_view trim(std::string_view text) noexcept;

/// Returns `c` in lower case when it is a letter of ASCII. Unlike
/// `std::tolower` it asks no locale.
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Returns `text` with the letters of ASCII in lower case.
std::string to_lower(std::string_view text);

/// Returns whether `c` is a digit of ASCII. Unlike `std::isdigit` it takes any
/// character.
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Returns the number that `text` is: digits only, at least one; nothing when
/// it is something else or needs more than 64 bits.
std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept;

} // namespace wsrelay
