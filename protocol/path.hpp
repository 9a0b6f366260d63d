// Path patterns of endpoints, "/chat/{room}", and how a request's path matches.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// Names and values of the `{param}` segments, percent-decoded.
using path_params = std::vector<std::pair<std::string, std::string>>;

/// A compiled pattern: literal segments and parameters; a parameter stands for
/// one whole, non-empty segment.
class path_pattern {
public:
  struct segment {
    bool is_param;
    std::string text; // the parameter's name or the literal, decoded
  };

  /// Parses a pattern that begins with "/". Failures: no leading slash, empty
  /// or duplicate parameter names, a brace inside a segment, "?" or "#", a
  /// malformed escape, what `has_dot_segments` finds. A literal may be written
  /// with or without percent-encoding.
  static result<path_pattern> parse(std::string_view text);

  /// Matches the path of a request target without its query. Percent-encoded
  /// octets are decoded after the split at "/", so "%2F" never splits.
  /// Nothing when it does not match, when the path has dot segments, or when a
  /// decoded value is not UTF-8 or holds a control character.
  std::optional<path_params> match(std::string_view path) const;

  /// Returns how specific the pattern is: more literal segments first. Of two
  /// patterns that match one path the greater wins.
  std::size_t literals() const noexcept;

  /// Returns whether some path matches both, with the same literals.
  bool same_shape(const path_pattern& other) const noexcept;

  const std::string& text() const noexcept { return text_; }

  /// The parts between the slashes, in order, at least one.
  const std::vector<segment>& segments() const noexcept { return segments_; }

private:
  checked add(std::string_view part);
  checked add_param(std::string_view name);
  checked add_literal(std::string_view part);

  std::string text_;
  std::vector<segment> segments_;
};

/// Returns whether a segment of `path` is "." or "..", or could become one for
/// who resolves it: percent-encoded, between encoded slashes or backslashes, or
/// with parameters behind ";". Such a path is refused rather than resolved:
/// what it names depends on who reads it.
bool has_dot_segments(std::string_view path) noexcept;

/// Returns what one segment of a request's path stands for; nothing when an
/// escape is malformed, or when it is not UTF-8 or holds a control character.
std::optional<std::string> decode_segment(std::string_view part);

/// Decodes percent-encoded octets; nothing when an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text);

/// Replaces each "{name}" in `text` by its value from `params`; an unknown name
/// stays as it is.
std::string expand_params(std::string_view text, const path_params& params);

} // namespace wsrelay
