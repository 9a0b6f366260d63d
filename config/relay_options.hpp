// What a router says of its relayed connections: limits and policies, with
// their defaults and units. Part of config.hpp.
#pragma once

#include "protocol/origin.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace wsrelay {

/// permessage-deflate (RFC 7692) of a route's messages.
struct deflate_options {
  /// `wsrelay.deflate`: clients that offer it get it.
  bool enabled = false;
  /// `wsrelay.deflate.level`: zlib's, 1 (fast) to 9 (small).
  unsigned level = 1;
  /// `wsrelay.deflate.min.size`, `wsrelay.deflate.max.size`: bytes of a message
  /// that is worth it, and of one that would hold the loop too long; 0 to 1
  /// GiB.
  std::size_t min_size = 128;
  std::size_t max_size = 256 * 1024;
  /// `wsrelay.deflate.window.bits`: of what is sent, 9 to 15.
  unsigned window_bits = 15;
  /// `wsrelay.deflate.context.takeover`: what was said before counts, which
  /// makes messages smaller, and each connection some 300 KiB larger.
  bool context_takeover = false;
};

/// What becomes of a connection whose session is over.
struct expiry_options {
  /// `wsrelay.require.expiry`: a command without `expires_at` is refused.
  bool required = false;
  /// `wsrelay.expiry.code`, 3000 to 4999, and `wsrelay.expiry.reason`, at most
  /// 123 bytes: of the close frame.
  std::uint16_t code = 4401;
  std::string reason = "session expired: log in again";
  /// `wsrelay.expiry.jitter`: connections close at random within this long
  /// before their time. "off" = none.
  std::optional<std::chrono::milliseconds> jitter;
};

/// `wsrelay.refuse`: how a client learns that its WebSocket is refused.
enum class refusal_form : std::uint8_t {
  status,            // by the status of HTTP, which no browser's script sees
  accept_then_close, // by 101, and a close frame with 4000 + that status
};

/// `wsrelay.limit.key`: who gives way where a command's `limit_max` is reached.
enum class key_policy : std::uint8_t {
  close_oldest,  // the connection that is open longest: close code 4409
  refuse_newest, // the one that comes: 429
};

/// `wsrelay.overflow`: what becomes of a message to a client for which
/// `wsrelay.output.limit` waits.
enum class overflow_policy : std::uint8_t {
  close,       // the connection closes with 1013
  drop_newest, // the message is dropped
  drop_oldest, // those are dropped that wait longest
  latest,      // so, and a message replaces the one with its key that waits
};

struct overflow_options {
  overflow_policy policy = overflow_policy::close;
  /// `wsrelay.overflow.event`: topic of an event that tells the client where
  /// messages are missing, {"dropped":COUNT}; "" = none.
  std::string event;
};

/// Ends of a target after which its connections may wait for another one:
/// `wsrelay.park.endings`, a list of these words.
struct park_endings {
  bool crashed = true;  // with an error, or killed
  bool lost = true;     // with its node
  bool shutdown = true; // with `user_shutdown`, or because its node stops
  bool normal = false;

  bool operator==(const park_endings&) const = default;
};

/// `wsrelay.on_target_exit`: what becomes of a connection whose target ends.
enum class target_exit_policy : std::uint8_t {
  close, // it closes
  park,  // it waits for the next one
};

/// How a connection waits for a successor of its target.
struct parking_options {
  target_exit_policy policy = target_exit_policy::close;
  park_endings endings;
  /// `wsrelay.park.time`: how long, then it closes as it would have.
  std::chrono::milliseconds time = std::chrono::seconds{30};
  /// `wsrelay.park.messages`, 0 to 65536, and `wsrelay.park.bytes`, 0 to 1 GiB:
  /// what is read from the client meanwhile, before the socket is no longer
  /// read; one message more when that is nearly reached.
  std::uint32_t messages = 128;
  std::size_t bytes = 1024 * 1024;
  /// `wsrelay.park.redeliver`: the successor gets again what the target was
  /// sent and has not answered.
  bool redeliver = false;
  /// `wsrelay.park.events`: the client is told, by the topics `relay.parked`
  /// and `relay.resumed`.
  bool events = false;

  bool is_on() const noexcept { return policy == target_exit_policy::park; }
};

/// How fast a client may send. It is not read for a while beyond that.
struct rate_options {
  /// `wsrelay.rate.messages`, `wsrelay.rate.bytes`: per second, 0 = no limit,
  /// at most 1000000 and 4 GiB.
  std::uint32_t messages = 0;
  std::size_t bytes = 0;
  /// `wsrelay.rate.burst`: of so long a client may send at once.
  std::chrono::milliseconds burst = std::chrono::seconds{2};
  /// `wsrelay.rate.patience`: a client that never sends less for so long is
  /// closed with 1008. "off" = never.
  std::optional<std::chrono::milliseconds> patience = std::chrono::seconds{30};

  bool is_on() const noexcept { return messages > 0 || bytes > 0; }
};

/// Limits and policies of relayed connections: a router's `post_options`.
struct relay_options {
  /// `wsrelay.allowed.origins` (patterns, separated by commas) and
  /// `wsrelay.require.origin` ("true" or "false").
  origin_policy origins;
  /// `wsrelay.max.message.size`: bytes of one client message, 1 to 1 GiB.
  std::size_t max_message_size = 1024 * 1024;
  /// `wsrelay.max.metadata.size`: bytes of metadata JSON, 2 to 1 MiB.
  std::size_t max_metadata_size = 16 * 1024;
  /// `wsrelay.window`: messages the target has not answered before the socket
  /// is no longer read, 1 to 65536.
  std::uint32_t window = 128;
  /// `wsrelay.window.bytes`: bytes of such messages, 1 KiB to 1 GiB.
  std::size_t window_bytes = 4 * 1024 * 1024;
  /// `wsrelay.output.limit`: bytes of memory that what is queued towards the
  /// client may take, each message with what it costs beside its payload,
  /// before the connection closes with 1013, 1 KiB to 4 GiB.
  std::size_t output_limit = 4 * 1024 * 1024;
  /// `wsrelay.ping.interval`: a ping goes out after this long without a byte
  /// from the client. "off" = never.
  std::optional<std::chrono::milliseconds> ping_interval =
      std::chrono::seconds{25};
  /// `wsrelay.pong.timeout`: the connection is lost when nothing came this long
  /// after a ping.
  std::chrono::milliseconds pong_timeout = std::chrono::seconds{10};
  /// `wsrelay.close.timeout`: longest wait for the client's close frame.
  std::chrono::milliseconds close_timeout = std::chrono::seconds{5};
  /// `wsrelay.join.timeout`: longest wait for a target's answer to `ws.join`.
  std::chrono::milliseconds join_timeout = std::chrono::seconds{10};
  refusal_form refuse = refusal_form::status;
  key_policy limit_key = key_policy::close_oldest;
  deflate_options deflate;
  expiry_options expiry;
  rate_options rate;
  overflow_options overflow;
  parking_options parking;
};

} // namespace wsrelay
