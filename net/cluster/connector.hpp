// Connecting to other nodes: name, TCP, TLS, and then CAF's handshake, none of
// which blocks a thread.
#pragma once

#include "net/cluster/socket.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace wsrelay {

/// How long a name, TCP and TLS may take together.
inline constexpr std::chrono::seconds node_connect_timeout{5};

/// Spawns the actor that connects. It answers `(connect_atom, host, port)` as
/// CAF's middleman actor does, where a path for a host is a unix socket and the
/// port is nothing, with `(node_id, strong_actor_ptr,
/// set<string>)`: the node and what it has published there; or with an error
/// whose context says what failed, `disconnect_during_handshake` once TCP and
/// TLS are done. `output_limit` is that of the streams. Wants a system with
/// `loop_middleman`.
caf::actor spawn_node_connector(caf::actor_system& system, tls_context_ptr tls,
                                std::size_t output_limit);

} // namespace wsrelay
