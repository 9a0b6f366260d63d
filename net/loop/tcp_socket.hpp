// TCP sockets that listen, and addresses.
#pragma once

#include "net/loop/socket_file.hpp"
#include "net/loop/unique_fd.hpp"
#include "protocol/result.hpp"

#include <boost/system/error_code.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace wsrelay {

/// A listening socket, and where it is bound.
struct listening_socket {
  unique_fd socket;       // non-blocking, not inherited by other programs
  std::uint16_t port = 0; // of TCP
  socket_file file{};     // of a unix socket
};

/// Binds and listens. `host` is an address, a name, or "" for every address
/// of IPv6 and IPv4; port 0 lets the kernel choose. Blocks for a name. The
/// failure names the address.
result<listening_socket> open_listening(const std::string& host,
                                        std::uint16_t port);

/// Sets what the sockets inherit that a listening socket of TCP accepts: no
/// Nagle's algorithm, and little in the kernel that is not yet sent.
boost::system::error_code set_inherited(int socket) noexcept;

/// Makes a socket that is to connect, without Nagle's algorithm: non-blocking,
/// not inherited by other programs. `ec` says why there is none.
unique_fd make_tcp_socket(int family, boost::system::error_code& ec);

/// Returns an address without its port; one of IPv4 that is mapped into IPv6 as
/// what it is. "unix:" for a unix socket, "" for other families.
std::string address_text(const sockaddr_storage& address);

/// Returns an address's port; 0 for other families.
std::uint16_t port_of(const sockaddr_storage& address) noexcept;

/// Returns whether accepting failed because the kernel is out of something:
/// trying again at once would spin.
bool is_shortage(boost::system::error_code ec) noexcept;

} // namespace wsrelay
