// What the relay says to a backend over its WebSocket (BACKEND.md): messages of
// the contract as JSON, payloads that are no text behind a head.
#pragma once

#include "actors/messages.hpp"
#include "protocol/backend_order.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// What an actor of a backend's name has heard. `ref` is what an answer names,
/// 0 = none is wanted.
ws_send backend_text(std::string_view name, const ws_join& message,
                     std::uint64_t ref);
ws_send backend_text(std::string_view name, const ws_message& message);
ws_send backend_text(std::string_view name, const ws_heartbeat& message);
ws_send backend_text(std::string_view name, const ws_leave& message,
                     std::uint64_t ref);
ws_send backend_text(std::string_view name, const ws_overflow& message);
ws_send backend_text(std::string_view name, const ws_drained& message);
ws_send backend_text(std::string_view name, const ws_refused& message);
ws_send backend_text(std::string_view name, const http_request& message,
                     std::uint64_t ref);

/// The answer to an order; `id` is its JSON. `waiting`: names that somebody
/// else has.
ws_send backend_ok(std::string_view id,
                   const std::vector<std::string>& waiting = {});

/// Why an order is not carried out: its verb is `of`, and its `id`, `ref` and
/// `to` are told where it has them.
ws_send backend_error(const backend_order& order, std::string_view error,
                      std::string_view text);
ws_send backend_error(const backend_order& order, const caf::error& why);

/// The same of one that cannot be read: what is known of it is told.
ws_send backend_error(const backend_order& order, const backend_fault& why);

/// An actor has ended: one that was monitored ("down"), or linked ("exit").
ws_send backend_end(std::string_view what, std::string_view to,
                    const caf::error& reason);

} // namespace wsrelay
