// What travels with a target, and what a control changes of it.
#pragma once

#include "actors/frame_port.hpp"
#include "actors/messages.hpp"

#include <caf/error.hpp>

#include <cstddef>

namespace wsrelay {

/// Changed as a whole: at once, or when a transfer commits.
struct relay_settings {
  shared_buffer message_topic;
  milliseconds heartbeat_interval{0}; // 0 = off
  shared_buffer metadata;             // JSON object
  time_point expires_at = time_point::max();
};

/// Returns when a Unix time comes, less up to `jitter` at random, half of what
/// is left at most; never for 0. Where it is over that is `now`.
time_point point_of(milliseconds unix_time, time_point now,
                    milliseconds jitter = {});

/// Checks a control by itself, with at most `max_metadata` bytes of metadata.
/// Errors: `invalid_message`, `no_such_target`, `invalid_topic`,
/// `invalid_interval`, `message_too_big`, `invalid_json`, `invalid_expiry`.
caf::error check(const ws_control& control, std::size_t max_metadata);

/// Returns whether a control sets `expires_at` and nothing else.
bool sets_end_only(const ws_control& control) noexcept;

/// Returns `settings` with what a control sets; for its `expires_at` see
/// `point_of`.
relay_settings merged(relay_settings settings, const ws_control& control,
                      time_point now, milliseconds jitter);

} // namespace wsrelay
