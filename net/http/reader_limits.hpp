// What the readers of requests and of responses have in common.
#pragma once

#include <cstddef>

namespace wsrelay {

/// What one message may take.
struct reader_limits {
  /// Bytes of the first line and the fields; as many again for all chunk
  /// extensions and the trailer.
  std::size_t header_size = 16 * 1024;
  std::size_t fields = 100;
  std::size_t body_size = 1024 * 1024;
};

/// What a reader says of the bytes that it got.
enum class reader_event {
  none,   // everything was used, more is wanted
  header, // the header is complete; told once per message
  done,   // the message is complete: take it
  failed, // `error` says why; nothing can be read any more
};

} // namespace wsrelay
