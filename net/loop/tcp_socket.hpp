// TCP sockets of the loops: their executor is concrete, which costs less per
// call than Asio's default.
#pragma once

#include "net/loop/unique_fd.hpp"
#include "protocol/result.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace wsrelay {

using tcp_executor = boost::asio::io_context::executor_type;
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, tcp_executor>;
using tcp_acceptor =
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, tcp_executor>;

/// Binds and listens. `host` is an address, a name, or "" for every address
/// of IPv6 and IPv4; port 0 lets the kernel choose. Other programs do not
/// inherit the socket. Blocks for a name. The failure names the
/// address, and the socket is closed.
checked listen(tcp_acceptor& socket, const std::string& host,
               std::uint16_t port);

/// A listening socket outside of Asio, and the port that was bound.
struct listening_socket {
  unique_fd socket; // non-blocking, not inherited by other programs
  std::uint16_t port;
};

/// As `listen`.
result<listening_socket> open_listening(const std::string& host,
                                        std::uint16_t port);

/// Returns an address without its port; one of IPv4 that is mapped into IPv6 as
/// what it is. "" for other families.
std::string address_text(const sockaddr_storage& address);

/// Returns whether accepting failed because the kernel is out of something:
/// trying again at once would spin.
bool is_shortage(boost::system::error_code ec) noexcept;

} // namespace wsrelay
