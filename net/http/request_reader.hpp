// Reads HTTP/1.1 requests: bytes in, events out. Beast parses; what it lets
// through and a server must not, and every bound, is here. No socket, no clock.
#pragma once

#include "actors/messages.hpp"
#include "protocol/problem.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace wsrelay {

/// What one message may take.
struct reader_limits {
  /// Bytes of the first line and the fields; as many again for all chunk
  /// extensions and the trailer.
  std::size_t header_size = 16 * 1024;
  std::size_t fields = 100;
  std::size_t body_size = 1024 * 1024;
};

/// One request after the other. It never takes more memory than the limits and
/// one of the pieces it gets, and none between requests.
class request_reader {
public:
  enum class event {
    none,   // everything was used, more is wanted
    header, // the header is complete; told once per request
    done,   // the request is complete: take it
    failed, // `error` says why; nothing can be read any more
  };

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

  /// From `header` on: whether the client waits for a 100 (RFC 9110 section
  /// 10.1.1), and whether it wants the connection to stay.
  bool expects_continue() const noexcept;
  bool keep_alive() const noexcept;

  /// After `done`: the request, without trailer fields, and without the fields
  /// that framed it but Content-Length. An absolute target is in origin form,
  /// its authority is the Host. HTTP/1.0 has no Upgrade. `params` and the
  /// client's address are not set. Reading begins anew.
  http_request take();

  /// After `failed`: the answer that is due: 400, 413, 431, 501, 505.
  const problem& error() const noexcept;

private:
  class parser;
  std::unique_ptr<parser> parser_; // null between requests
  reader_limits limits_;
  problem error_{};
};

} // namespace wsrelay
