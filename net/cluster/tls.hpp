// TLS between nodes: both sides show a certificate of the same authorities.
#pragma once

#include "config/config.hpp"
#include "net/cluster/socket.hpp"
#include "protocol/result.hpp"

namespace wsrelay {

/// Loads the files. TLS 1.2 or later, no Diffie-Hellman over finite fields.
/// Names in certificates are not compared with addresses: whoever has a
/// certificate of the authority is a node. Returns null without TLS; the
/// failure names the file. Blocks.
result<tls_context_ptr> make_node_tls(const tls_config& settings);

} // namespace wsrelay
