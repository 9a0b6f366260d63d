// Problem documents (RFC 9457): the body of every refusal.
#pragma once

#include <string>
#include <string_view>

namespace wsrelay {

inline constexpr std::string_view problem_content_type =
    "application/problem+json";

/// Says which check refused a request. `check` is a short stable word for
/// programs ("origin", "target", "command", "upstream", "method"...), `detail`
/// one sentence for people; neither holds internals.
struct problem {
  unsigned status = 500;
  std::string check;
  std::string detail;
  /// Seconds after which another try makes sense, the Retry-After field; 0 =
  /// nobody knows. Not the same for all, or all would come back at once.
  unsigned retry_after = 0;
};

/// Returns the standard reason phrase of an HTTP status, or "Unknown".
std::string_view status_text(unsigned status) noexcept;

/// Returns the JSON document: type "about:blank", title, status, detail, check.
std::string to_json(const problem& value);

} // namespace wsrelay
