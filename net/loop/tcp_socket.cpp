// Listening.
#include "net/loop/tcp_socket.hpp"

#include "config/config.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
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
// Its executor is concrete, which compiles faster than Asio's default.
using tcp_acceptor =
    boost::asio::basic_socket_acceptor<tcp,
                                       boost::asio::io_context::executor_type>;

// Bytes that the kernel takes while a client takes none: what waits beyond them
// waits in a queue that is counted. A client that reads is not slowed down.
constexpr int max_unsent = 128 * 1024;

// For each client: inet_ntop takes ten times as long.
std::string ipv4_text(const std::uint8_t* bytes) {
  return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
}

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

error_code listen(tcp_acceptor& socket, const std::string& host,
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
    ec = set_inherited(socket.native_handle());
  if (!ec)
    socket.bind(endpoint, ec);
  if (!ec)
    socket.listen(boost::asio::socket_base::max_listen_connections, ec);
  return ec;
}

} // namespace

bool is_shortage(error_code ec) noexcept {
  namespace errc = boost::system::errc;
  return ec == errc::too_many_files_open
         || ec == errc::too_many_files_open_in_system
         || ec == errc::no_buffer_space || ec == errc::not_enough_memory;
}

result<listening_socket> open_listening(const std::string& host,
                                        std::uint16_t port) {
  boost::asio::io_context context;
  tcp_acceptor socket{context.get_executor()};
  auto ec = listen(socket, host, port);
  if (ec)
    return failure{
        fmt::format("cannot listen on {}:{}: {}", host, port, ec.message())};
  auto bound = socket.local_endpoint(ec).port();
  socket.non_blocking(true, ec);
  return listening_socket{unique_fd{socket.release(ec)}, bound, {}};
}

error_code set_inherited(int socket) noexcept {
  int on = 1;
  auto works =
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0
      && (::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &max_unsent,
                       sizeof max_unsent)
              == 0
          || errno == ENOPROTOOPT); // a sandbox may be without
  return {works ? 0 : errno, boost::system::system_category()};
}

unique_fd make_tcp_socket(int family, error_code& ec) {
  unique_fd made{
      ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  int on = 1;
  auto works =
      made
      && ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)
             == 0;
  ec.assign(works ? 0 : errno, boost::system::system_category());
  return works ? std::move(made) : unique_fd{};
}

std::string address_text(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET)
    return ipv4_text(reinterpret_cast<const std::uint8_t*>(
        &reinterpret_cast<const sockaddr_in&>(address).sin_addr));
  if (address.ss_family == AF_UNIX)
    return std::string{unix_peer};
  if (address.ss_family != AF_INET6)
    return {};
  auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6))
    return ipv4_text(&v6.s6_addr[12]);
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &v6, text.data(), text.size());
  return text.data();
}

std::uint16_t port_of(const sockaddr_storage& address) noexcept {
  if (address.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

} // namespace wsrelay
