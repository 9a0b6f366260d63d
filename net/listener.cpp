// Accepting.
#include "net/listener.hpp"

#include "actors/log.hpp"

#include <boost/asio/ip/address.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wsrelay {

namespace {

using tcp = boost::asio::ip::tcp;
using error_code = boost::system::error_code;

// The kernel is out of something: trying again at once would spin.
bool is_shortage(error_code ec) {
  namespace errc = boost::system::errc;
  return ec == errc::too_many_files_open
         || ec == errc::too_many_files_open_in_system
         || ec == errc::no_buffer_space || ec == errc::not_enough_memory;
}

// An address, or the first one of a name.
tcp::endpoint find_endpoint(loop& home, const std::string& host,
                            std::uint16_t port, error_code& ec) {
  if (host.empty())
    return {tcp::v4(), port};
  auto address = boost::asio::ip::make_address(host, ec);
  if (!ec)
    return {address, port};
  ec = {};
  tcp::resolver resolver{home.context()};
  auto found = resolver.resolve(host, std::to_string(port), ec);
  return ec || found.empty() ? tcp::endpoint{} : found.begin()->endpoint();
}

} // namespace

listener::listener(std::vector<loop*> loops, serve_function serve)
    : loops_{std::move(loops)},
      serve_{std::move(serve)},
      socket_{loops_.front()->context().get_executor()} {}

checked listener::open(const std::string& host, std::uint16_t port) {
  error_code ec;
  auto endpoint = find_endpoint(*loops_.front(), host, port, ec);
  if (!ec)
    socket_.open(endpoint.protocol(), ec);
  if (!ec)
    socket_.set_option(tcp::acceptor::reuse_address{true}, ec);
  if (!ec) // sockets inherit it
    socket_.set_option(tcp::no_delay{true}, ec);
  if (!ec)
    socket_.bind(endpoint, ec);
  if (!ec)
    socket_.listen(boost::asio::socket_base::max_listen_connections, ec);
  if (ec) {
    // It is destroyed after its loop, which only a closed one may be.
    error_code ignored;
    socket_.close(ignored);
    return failure{
        fmt::format("cannot listen on {}:{}: {}", host, port, ec.message())};
  }
  port_ = socket_.local_endpoint().port();
  return passed();
}

void listener::grant(std::size_t count) {
  credit_ += count;
  if (!accepting_ && !stopped_)
    accept();
}

void listener::accept() {
  if (credit_ == 0 || stopped_)
    return;
  accepting_ = true;
  auto& chosen = least_loaded();
  socket_.async_accept(
      chosen.context(),
      [me = shared_from_this(), &chosen](error_code ec, socket_type socket) {
        me->accepting_ = false;
        me->on_accept(ec, chosen, std::move(socket));
      });
}

void listener::on_accept(error_code ec, loop& chosen, socket_type socket) {
  if (stopped_)
    return;
  if (ec && is_shortage(ec)) {
    log().warn("cannot accept: {}", ec.message());
    --credit_; // given back after a pause
    acceptor_->on_accept_failed();
    return;
  }
  if (!ec) {
    --credit_;
    acceptor_->on_accepted();
    if (&chosen == loops_.front())
      serve_(chosen, std::move(socket));
    else
      boost::asio::post(chosen.context(),
                        [me = shared_from_this(), &chosen,
                         socket = std::move(socket)]() mutable {
                          me->serve_(chosen, std::move(socket));
                        });
  }
  accept();
}

loop& listener::least_loaded() const {
  return **std::min_element(loops_.begin(), loops_.end(), [](auto* a, auto* b) {
    return a->socket_count < b->socket_count;
  });
}

void listener::stop() {
  stopped_ = true;
  error_code ignored;
  socket_.close(ignored);
  for (auto* home : loops_)
    home->post([home] { home->abort_sockets(true); });
}

void listener::abort() {
  for (auto* home : loops_)
    home->post([home] { home->abort_sockets(false); });
}

} // namespace wsrelay
