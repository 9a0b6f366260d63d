// Listening.
#include "net/loop/tcp_socket.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>

namespace wsrelay {

namespace {

using tcp = boost::asio::ip::tcp;
using error_code = boost::system::error_code;

// Bytes that the kernel takes while a client takes none: what waits beyond them
// waits in a queue that is counted. A client that reads is not slowed down.
constexpr int max_unsent = 128 * 1024;

// A kernel may be without.
bool has_ipv6() {
  unique_fd probe{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!probe)
    return false;
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  return ::bind(probe.get(), reinterpret_cast<sockaddr*>(&any), sizeof any)
         == 0;
}

// What the sockets that are accepted inherit.
error_code set_inherited(tcp_acceptor& socket) {
  error_code ec;
  socket.set_option(tcp::no_delay{true}, ec);
  if (!ec
      && ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT,
                      &max_unsent, sizeof max_unsent)
             != 0
      && errno != ENOPROTOOPT) // a sandbox may be without
    ec.assign(errno, boost::system::system_category());
  return ec;
}

// An address, or the first one of a name.
tcp::endpoint find_endpoint(tcp_acceptor& socket, const std::string& host,
                            std::uint16_t port, error_code& ec) {
  if (host.empty())
    return {has_ipv6() ? tcp::v6() : tcp::v4(), port};
  auto address = boost::asio::ip::make_address(host, ec);
  if (!ec)
    return {address, port};
  ec = {};
  tcp::resolver resolver{socket.get_executor()};
  auto found = resolver.resolve(host, std::to_string(port), ec);
  return ec || found.empty() ? tcp::endpoint{} : found.begin()->endpoint();
}

} // namespace

bool is_shortage(error_code ec) noexcept {
  namespace errc = boost::system::errc;
  return ec == errc::too_many_files_open
         || ec == errc::too_many_files_open_in_system
         || ec == errc::no_buffer_space || ec == errc::not_enough_memory;
}

checked listen(tcp_acceptor& socket, const std::string& host,
               std::uint16_t port) {
  error_code ec;
  auto endpoint = find_endpoint(socket, host, port, ec);
  if (!ec)
    socket.open(endpoint.protocol(), ec);
  if (!ec && host.empty() && endpoint.protocol() == tcp::v6())
    socket.set_option(boost::asio::ip::v6_only{false}, ec);
  if (!ec && ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC) != 0)
    ec.assign(errno, boost::system::system_category());
  if (!ec)
    socket.set_option(tcp::acceptor::reuse_address{true}, ec);
  if (!ec)
    ec = set_inherited(socket);
  if (!ec)
    socket.bind(endpoint, ec);
  if (!ec)
    socket.listen(boost::asio::socket_base::max_listen_connections, ec);
  if (!ec)
    return passed();
  error_code ignored;
  socket.close(ignored);
  return failure{
      fmt::format("cannot listen on {}:{}: {}", host, port, ec.message())};
}

result<listening_socket> open_listening(const std::string& host,
                                        std::uint16_t port) {
  boost::asio::io_context context;
  tcp_acceptor socket{context.get_executor()};
  if (auto listening = listen(socket, host, port); !listening)
    return failure{listening.error()};
  error_code ec;
  auto bound = socket.local_endpoint(ec).port();
  socket.non_blocking(true, ec);
  return listening_socket{unique_fd{socket.release(ec)}, bound};
}

std::string address_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6))
      ::inet_ntop(AF_INET, &v6.s6_addr[12], text.data(), text.size());
    else
      ::inet_ntop(AF_INET6, &v6, text.data(), text.size());
  }
  return text.data();
}

} // namespace wsrelay
