// Reads an upstream's response: bytes in, events out. No socket, no clock.
#pragma once

#include "actors/messages.hpp"
#include "net/http/reader_limits.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace wsrelay {

/// Reads the final response to one request. It never holds more than a small
/// multiple of the limits. Nothing is thrown but by `take`, when there is no
/// memory.
class response_reader {
public:
  using event = reader_event;

  /// `to_head`: the request was HEAD, whose response has no body.
  response_reader(const reader_limits& limits, bool to_head);
  ~response_reader();
  response_reader(response_reader&&) noexcept;
  response_reader& operator=(response_reader&&) noexcept;

  /// Reads on and removes from `bytes` what was used. Interim responses (RFC
  /// 9110 section 15.2) are skipped, at most 16; `header` is told of the final
  /// one. 101 fails: nobody asked for it.
  event next(std::string_view& bytes);

  /// The upstream sends no more: `done` or `failed`. A body without a length
  /// goes on until then.
  event finish();

  /// Returns whether any byte has come. Where none has, a request on a
  /// connection that was kept may be sent again.
  bool had_bytes() const noexcept { return had_bytes_; }

  /// After `done`: whether the connection may carry another request. Not when
  /// the response says close, is HTTP/1.0, had no definite end, has a body
  /// where it may not have one, or when bytes stand behind it.
  bool keep_alive() const noexcept;

  /// From `header` on: what Content-Length says. The body of a response to HEAD
  /// would have it.
  std::optional<std::uint64_t> length() const noexcept { return length_; }

  /// After `done`, once: the response, without hop-by-hop and trailer fields.
  /// One Content-Length is left in the response to HEAD; elsewhere the body
  /// says it.
  http_response take();

  /// After `failed`: what goes on behind "the upstream's response", for logs
  /// and for the client.
  std::string_view error() const noexcept { return error_; }

private:
  class parser;

  event read(std::string_view& bytes);
  event fail(std::string_view why) noexcept;

  std::unique_ptr<parser> parser_;
  event last_ = event::none;
  bool had_bytes_ = false;
  bool keep_alive_ = false;
  std::optional<std::uint64_t> length_;
  std::string_view error_; // a literal
};

} // namespace wsrelay
