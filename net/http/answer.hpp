// An answer to a request: a head, and a body that is in memory or comes piece
// by piece.
#pragma once

#include "actors/messages.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace wsrelay {

/// A body that is not in memory as a whole. Loop thread only.
class body_source {
public:
  /// Bytes; an empty buffer at the end; nothing when the rest is lost.
  using on_piece = std::function<void(std::optional<shared_buffer>)>;

  virtual ~body_source() = default;

  /// Returns how many bytes come in all, or nothing when nobody knows.
  virtual std::optional<std::uint64_t> size() const = 0;

  /// Returns the longest that a piece may take.
  virtual std::chrono::milliseconds patience() const = 0;

  /// Asks for the next piece, of at most 256 KiB. Calls `done` once on the
  /// loop's thread, maybe before this returns; never after the source was
  /// destroyed.
  virtual void read(on_piece done) = 0;
};

/// With a `source`, `response.body` is empty. `length` is what a response to
/// HEAD says that GET's would have, when the body here is empty.
struct http_answer {
  http_response response;
  std::unique_ptr<body_source> source;
  std::optional<std::uint64_t> length;
};

/// Returns an answer that is all in memory.
inline http_answer to_answer(http_response response) {
  return {std::move(response), nullptr, std::nullopt};
}

/// Returns how long a body its head tells of; nothing when nobody knows.
inline std::optional<std::uint64_t> length_of(const http_answer& what,
                                              bool is_head) {
  if (what.source)
    return what.source->size();
  if (what.length || (is_head && what.response.body.empty()))
    return what.length;
  return what.response.body.size();
}

} // namespace wsrelay
