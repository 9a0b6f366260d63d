// One connection's compression.
#include "net/ws/message_codec.hpp"

#include <utility>

namespace wsrelay {

namespace {

opcode to_opcode(message_type type, bool deflated) noexcept {
  if (type == message_type::text)
    return deflated ? opcode::deflated_text : opcode::text;
  return deflated ? opcode::deflated_binary : opcode::binary;
}

} // namespace

std::optional<deflate_agreement>
agree_on_deflate(const http_fields& headers, const deflate_options& route) {
  if (!route.enabled)
    return std::nullopt;
  return agree_on_deflate(headers,
                          deflate_settings{static_cast<int>(route.window_bits),
                                           15, route.context_takeover});
}

output_piece plain_piece(message_type type, const shared_buffer& message) {
  return {message, to_opcode(type, false), false};
}

message_codec::message_codec(const deflate_agreement& agreed,
                             const relay_options& options,
                             std::shared_ptr<deflate_pool> pool)
    : options_{options.deflate},
      max_message_{options.max_message_size},
      window_bits_{agreed.server_window_bits},
      pool_{std::move(pool)} {
  auto level = static_cast<int>(options_.level);
  if (agreed.server_takeover)
    deflater_ = std::make_unique<message_deflater>(level, window_bits_, true);
  if (agreed.client_takeover)
    inflater_ = std::make_unique<message_inflater>(agreed.client_window_bits,
                                                   true, max_message_);
}

// With takeover the client has to see whatever was deflated.
output_piece message_codec::seal(message_type type,
                                 const shared_buffer& message) {
  auto size = message.size();
  if (size == 0 || size < options_.min_size || size > options_.max_size)
    return plain_piece(type, message);
  auto payload = deflate(message);
  if (!deflater_ && payload.size() >= size)
    return plain_piece(type, message);
  return {std::move(payload), to_opcode(type, true), false};
}

std::optional<inflate_fault> message_codec::open(shared_buffer& message,
                                                 bool is_text) {
  buffer_builder text;
  switch (inflater().inflate(message.view(), text)) {
    case message_inflater::outcome::ok:
      break;
    case message_inflater::outcome::too_big:
      return inflate_fault{close_code::message_too_big,
                           "a message is too big: send smaller ones"};
    case message_inflater::outcome::malformed:
      return inflate_fault{close_code::invalid_payload,
                           "a message cannot be decompressed"};
    case message_inflater::outcome::costly:
      return inflate_fault{close_code::policy_violation,
                           "a message has too many compressed blocks"};
  }
  message = text.finish();
  if (is_text && !message.is_utf8())
    return inflate_fault{close_code::invalid_payload, "a text is not UTF-8"};
  return std::nullopt;
}

shared_buffer message_codec::deflate(const shared_buffer& message) {
  if (deflater_)
    return deflater_->deflate(message.view());
  return pool_->deflate(message,
                        {static_cast<int>(options_.level), window_bits_});
}

message_inflater& message_codec::inflater() {
  return inflater_ ? *inflater_ : pool_->inflater(max_message_);
}

} // namespace wsrelay
