// TCP sockets of the loops: their executor is concrete, which costs less per
// call than Asio's default.
#pragma once

#include "protocol/result.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace wsrelay {

using tcp_executor = boost::asio::io_context::executor_type;
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, tcp_executor>;
using tcp_acceptor =
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, tcp_executor>;

/// Binds and listens. `host` is an address, a name, or "" for every address;
/// port 0 lets the kernel choose. Blocks for a name. The failure names the
/// address, and the socket is closed.
checked listen(tcp_acceptor& socket, const std::string& host,
               std::uint16_t port);

/// Returns whether accepting failed because the kernel is out of something:
/// trying again at once would spin.
bool is_shortage(boost::system::error_code ec) noexcept;

} // namespace wsrelay
