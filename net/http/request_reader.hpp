// Reads HTTP/1.1 requests: bytes in, events out. Beast parses; what it lets
// through and a server must not, and every bound, is here. No socket, no clock.
#pragma once

#include "actors/messages.hpp"
#include "net/http/reader_limits.hpp"
#include "protocol/problem.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace wsrelay {

/// One request after the other. It never holds more than a small multiple of
/// the limits, and nothing between requests. Nothing is thrown but by `take`,
/// when there is no memory.
class request_reader {
public:
  using event = reader_event;

  explicit request_reader(const reader_limits& limits);
  ~request_reader();
  request_reader(request_reader&&) noexcept;
  request_reader& operator=(request_reader&&) noexcept;

  /// Reads on and removes from `bytes` what was used. What stands behind a
  /// complete request is left there.
  event next(std::string_view& bytes);

  /// Returns whether a byte of a request was used that is not yet complete.
  /// Empty lines before one do not count (RFC 9112 section 2.2).
  bool has_begun() const noexcept;

  /// From `header` on, until the next one: whether the client waits for a 100
  /// before it sends the body (RFC 9110 section 10.1.1), and whether it wants
  /// the connection to stay.
  bool expects_continue() const noexcept;
  bool keep_alive() const noexcept;

  /// After `done`: the request, without trailer fields, and without the fields
  /// that framed it but one Content-Length, if the client told any. An absolute
  /// target is in origin form, its authority is the Host. HTTP/1.0 has no
  /// Upgrade. Everything that the message does not hold, like `params` and the
  /// client's address, is not set. Reading begins anew.
  http_request take();

  /// After `failed`: the answer that is due: 400, 413, 414, 417, 431, 501, 503
  /// (no memory), 505.
  const problem& error() const noexcept;

private:
  class parser;

  event read(std::string_view& bytes);
  void skip_empty_lines(std::string_view& bytes) noexcept;
  event fail(problem why) noexcept;

  std::unique_ptr<parser> parser_; // null between requests
  reader_limits limits_;
  event last_ = event::none;
  std::size_t empty_ = 0; // bytes of empty lines before this request
  bool expects_continue_ = false;
  bool keep_alive_ = false;
  problem error_{};
};

} // namespace wsrelay
