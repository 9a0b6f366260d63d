// What one connection does with its messages after permessage-deflate was
// agreed on (RFC 7692).
#pragma once

#include "actors/messages.hpp"
#include "config/config.hpp"
#include "net/loop/output_piece.hpp"
#include "net/ws/deflate_pool.hpp"
#include "protocol/close_code.hpp"
#include "protocol/deflate_offer.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace wsrelay {

/// Why a compressed message cannot be delivered.
struct inflate_fault {
  close_code code;
  std::string_view reason;
};

/// Returns what a client that offers it gets on this route; nothing when it
/// gets no compression.
std::optional<deflate_agreement> agree_on_deflate(const http_fields& headers,
                                                  const deflate_options& route);

/// Returns the frame for a message as it is.
output_piece plain_piece(message_type type, const shared_buffer& message);

/// Loop thread only. At rest, and without takeover, it has no more memory than
/// itself.
class message_codec {
public:
  message_codec(const deflate_agreement& agreed, const relay_options& options,
                std::shared_ptr<deflate_pool> pool);

  /// Returns the frame for a message: compressed where its size is within the
  /// route's and that makes it smaller. Throws `std::bad_alloc`.
  output_piece seal(message_type type, const shared_buffer& message);

  /// Replaces a compressed message by what it says. Throws `std::bad_alloc`.
  std::optional<inflate_fault> open(shared_buffer& message, bool is_text);

private:
  shared_buffer deflate(const shared_buffer& message);
  message_inflater& inflater();

  const deflate_options& options_;
  std::size_t max_message_;
  int window_bits_; // of what is sent
  std::shared_ptr<deflate_pool> pool_;
  std::unique_ptr<message_deflater> deflater_; // with takeover
  std::unique_ptr<message_inflater> inflater_; // with takeover
};

} // namespace wsrelay
