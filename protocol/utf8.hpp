// UTF-8 validity (RFC 3629): what RFC 6455 section 8.1 asks of text messages.
#pragma once

#include <cstddef>
#include <string_view>

namespace wsrelay {

/// Returns whether `bytes` is valid UTF-8: no overlong form, no surrogate,
/// nothing above U+10FFFF, no cut sequence.
bool is_valid_utf8(std::string_view bytes) noexcept;

/// Returns the length of the longest prefix of `bytes` that is valid UTF-8.
std::size_t valid_utf8_prefix(std::string_view bytes) noexcept;

/// Returns whether `bytes` is the beginning of one sequence, and not all of it:
/// more bytes could make it valid.
bool is_cut_sequence(std::string_view bytes) noexcept;

/// Returns whether `bytes` is valid UTF-8 without control characters: none of
/// U+0000 to U+001F and U+007F to U+009F.
bool is_plain_utf8(std::string_view bytes) noexcept;

} // namespace wsrelay
