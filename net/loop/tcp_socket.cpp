// Listening.
#include "net/loop/tcp_socket.hpp"

#include <boost/asio/ip/address.hpp>

#include <fmt/format.h>

namespace wsrelay {

namespace {

using tcp = boost::asio::ip::tcp;
using error_code = boost::system::error_code;

// An address, or the first one of a name.
tcp::endpoint find_endpoint(tcp_acceptor& socket, const std::string& host,
                            std::uint16_t port, error_code& ec) {
  if (host.empty())
    return {tcp::v4(), port};
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
  if (!ec)
    socket.set_option(tcp::acceptor::reuse_address{true}, ec);
  if (!ec) // sockets inherit it
    socket.set_option(tcp::no_delay{true}, ec);
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

} // namespace wsrelay
