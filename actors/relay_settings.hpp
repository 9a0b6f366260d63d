// What travels with a target, and what a control changes of it.
#pragma once

#include "actors/messages.hpp"

#include <caf/error.hpp>

#include <cstddef>

namespace wsrelay {

/// Changed as a whole: at once, or when a transfer commits.
struct relay_settings {
  shared_buffer message_topic;
  milliseconds heartbeat_interval{0}; // 0 = off
  shared_buffer metadata;             // JSON object
};

/// Checks a control by itself, with at most `max_metadata` bytes of metadata.
/// Errors: `invalid_message`, `no_such_target`, `invalid_topic`,
/// `invalid_interval`, `message_too_big`, `invalid_json`.
caf::error check(const ws_control& control, std::size_t max_metadata);

/// Returns `settings` with what a control sets.
relay_settings merged(relay_settings settings, const ws_control& control);

} // namespace wsrelay
