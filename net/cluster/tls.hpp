// TLS between nodes: both sides show a certificate of the same authorities.
#pragma once

#include "config/config.hpp"
#include "net/cluster/socket.hpp"
#include "protocol/result.hpp"

#include <string>
#include <vector>

namespace wsrelay {

/// One of the files of a `tls_config`.
enum class tls_file { certificate, key, ca };

/// What is wrong with one of them.
struct tls_finding {
  tls_file file;
  std::string text; // with its path
  bool is_error =
      true; // nothing can be made of it; else no other node takes it
};

/// Loads the files. TLS 1.2 or later, no Diffie-Hellman over finite fields.
/// Names in certificates are not compared with addresses: whoever has a
/// certificate of the authority is a node. Returns null without TLS; the
/// failure names the file. Blocks.
result<tls_context_ptr> make_node_tls(const tls_config& settings);

/// Returns why `make_node_tls` would fail, for each of the files, and which
/// certificates are out of date. Nothing without TLS. Blocks.
std::vector<tls_finding> check_node_tls(const tls_config& settings);

} // namespace wsrelay
