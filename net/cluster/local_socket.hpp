// Unix sockets of the nodes' loop, for those on the same machine.
#pragma once

#include "net/loop/tcp_socket.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <sys/types.h>

#include <optional>
#include <string>

namespace wsrelay {

using local_protocol = boost::asio::local::stream_protocol;
using local_socket =
    boost::asio::basic_stream_socket<local_protocol, tcp_executor>;
using local_acceptor =
    boost::asio::basic_socket_acceptor<local_protocol, tcp_executor>;

/// Returns whether what a user has typed names a unix socket: a path from the
/// root on. No host begins with a slash.
bool is_socket_path(const std::string& host);

/// Connects at once or not at all: it never blocks. `ec` says why there is
/// none; `connection_refused` is a socket that nobody listens on.
unique_fd connect_local(const std::string& path, boost::system::error_code& ec);

/// Binds and listens, with mode 0600 from the beginning. Never blocks.
unique_fd listen_local(const std::string& path, boost::system::error_code& ec);

/// Returns the user whose process is at the other end, as the kernel saw it
/// when it connected.
std::optional<uid_t> user_of(int socket);

} // namespace wsrelay
