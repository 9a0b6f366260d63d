// The listening socket of a service: accepts as many sockets as the acceptor
// actor grants, and deals them to the loops.
#pragma once

#include "actors/acceptor.hpp"
#include "net/loop/loop.hpp"
#include "net/loop/tcp_socket.hpp"
#include "protocol/result.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// Lives on the first loop; everything but `open` and the constructor is called
/// there.
class listener final : public listener_port,
                       public std::enable_shared_from_this<listener> {
public:
  /// Serves a socket on its loop's thread.
  using serve_function = std::function<void(loop& home, tcp_socket socket)>;

  listener(std::vector<loop*> loops, serve_function serve);

  /// Binds and listens. Failures name the address.
  checked open(const std::string& host, std::uint16_t port);

  /// Returns the port that was bound.
  std::uint16_t port() const noexcept { return port_; }

  void report_to(acceptor_state& who) override { acceptor_ = &who; }
  void grant(std::size_t count) override;
  void stop() override;
  void abort() override;

private:
  void accept();
  void on_accept(boost::system::error_code ec, loop& chosen, tcp_socket socket);
  loop& least_loaded() const;

  std::vector<loop*> loops_;
  serve_function serve_;
  tcp_acceptor socket_;
  acceptor_state* acceptor_ = nullptr;
  std::uint16_t port_ = 0;
  std::size_t credit_ = 0;
  bool accepting_ = false;
  bool stopped_ = false;
};

} // namespace wsrelay
