// What an answer with a file says, from the request's fields and what is known
// of the file: nothing is read for it.
#pragma once

#include "actors/messages.hpp"
#include "net/http/conditional.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace wsrelay {

/// One form of a file: as it is, or compressed beforehand.
struct representation {
  validators state;
  std::uint64_t size = 0;
  std::string_view type;   // of the file, also when it is compressed
  std::string_view coding; // Content-Encoding, "" = as it is
  bool varies = false;     // there are others
};

/// A response, and which bytes of the representation are still to be put in as
/// its body.
struct file_answer {
  http_response response;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  std::optional<std::uint64_t> length; // of the body that HEAD leaves out
};

/// Returns 200, 206, 304, 412 or 416. `request` is that of a GET or a HEAD
/// (`is_head`); `now` in seconds since 1970.
file_answer answer_with(const representation& what, const http_fields& request,
                        bool is_head, std::int64_t now);

/// Returns whether a request has any field that `answer_with` looks at.
bool has_conditions(const http_fields& request) noexcept;

} // namespace wsrelay
