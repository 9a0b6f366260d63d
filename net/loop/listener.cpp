// Accepting.
#include "net/loop/listener.hpp"

#include "actors/log.hpp"

#include <algorithm>

namespace wsrelay {

namespace {

using error_code = boost::system::error_code;

} // namespace

listener::listener(std::vector<loop*> loops, serve_function serve)
    : loops_{std::move(loops)},
      serve_{std::move(serve)},
      socket_{loops_.front()->context().get_executor()} {}

checked listener::open(const std::string& host, std::uint16_t port) {
  // One that fails is closed: it is destroyed after its loop, which only a
  // closed one may be.
  auto listening = listen(socket_, host, port);
  if (listening)
    port_ = socket_.local_endpoint().port();
  return listening;
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
  socket_.async_accept(chosen.context(), [me = shared_from_this(), &chosen](
                                             error_code ec, tcp_socket socket) {
    me->accepting_ = false;
    me->on_accept(ec, chosen, std::move(socket));
  });
}

void listener::on_accept(error_code ec, loop& chosen, tcp_socket socket) {
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
