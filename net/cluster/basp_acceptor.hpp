// Where other nodes connect, as CAF's BASP broker sees it: a doorman on a loop.
#pragma once

#include "net/cluster/basp_stream.hpp"
#include "net/cluster/socket.hpp"
#include "net/loop/loop.hpp"
#include "net/loop/unique_fd.hpp"

#include <caf/io/doorman.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace wsrelay {

/// How long TLS may take until both sides have proved who they are.
inline constexpr std::chrono::seconds node_handshake_timeout{5};

/// Sockets in their TLS handshake at most; one more ends the oldest.
inline constexpr std::size_t max_node_handshakes = 64;

/// Makes the doorman of a listening, non-blocking socket; it accepts once a
/// broker has it. With `tls` only who proves itself by a certificate gets
/// through to the broker. Where it is a unix socket its port is 0, and who has
/// its file's mode is let in, if it is this process's user or root. `options`
/// are those of the streams it makes. Any thread.
caf::io::doorman_ptr make_basp_acceptor(loop& home, unique_fd socket,
                                        tls_context_ptr tls,
                                        basp_options options);

} // namespace wsrelay
