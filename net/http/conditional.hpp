// The conditions of a request (RFC 9110 section 13) as pure functions.
#pragma once

#include "protocol/http_fields.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace wsrelay {

/// What tells one state of a representation from another.
struct validators {
  std::string etag;                     // with its quotes; strong
  std::optional<std::int64_t> modified; // seconds since 1970
};

/// How a request goes on.
enum class precondition {
  met,
  not_modified, // 304
  failed,       // 412
};

/// Judges If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since of
/// a GET or HEAD, in the order of section 13.2.2. A field may come on several
/// lines; a date that is none, or comes twice, is ignored.
precondition check_preconditions(const http_fields& request,
                                 const validators& current, std::int64_t now);

/// Returns whether If-Range lets a Range count: it is absent, or names the
/// current state by the strong comparison or by the exact date, which is one of
/// a second before `now`.
bool range_counts(const http_fields& request, const validators& current,
                  std::int64_t now);

} // namespace wsrelay
