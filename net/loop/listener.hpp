// The listening socket of a service: accepts, and deals the sockets to the
// loops, with a place while one is left.
#pragma once

#include "actors/log_limit.hpp"
#include "net/loop/loop.hpp"
#include "net/loop/socket_places.hpp"
#include "net/loop/tcp_socket.hpp"
#include "net/loop/unique_fd.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// A socket on its way to its loop.
struct accepted_socket {
  unique_fd descriptor;       // non-blocking, not inherited by other programs
  socket_place place;         // none: too many are open
  std::string remote_address; // without port; IPv4 also where it was mapped
  bool is_secure = false;     // its proxy says that the client speaks TLS
};

/// Lives on the first loop. Where nothing else is said, it is called there.
class listener final : public pollable,
                       public loop_task,
                       public loop_timer,
                       public std::enable_shared_from_this<listener> {
public:
  /// Serves a socket on its loop's thread.
  using serve_function = std::function<void(loop& home, accepted_socket)>;

  /// Returns what whoever comes is told when there are no descriptors; "" for
  /// nothing. Called on the first loop.
  using busy_function = std::function<std::string()>;

  /// How long nothing is accepted after the kernel refused for lack of
  /// descriptors or memory.
  static constexpr milliseconds default_back_off{100};

  /// Any thread, before `start`. The loops outlive the listener.
  listener(std::vector<loop*> loops, std::shared_ptr<socket_places> places,
           listening_socket socket, serve_function serve, busy_function busy,
           milliseconds back_off = default_back_off);
  ~listener();

  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  /// Begins to accept. Any thread.
  void start();

  /// Closes the socket for good and waits until that has happened. Not from
  /// the loop's thread.
  void stop();

  /// Returns the port that was bound. Any thread.
  std::uint16_t port() const noexcept { return socket_.port; }

  // called by the loop
  void on_ready(readiness) override { accept(); }
  void flush() override {}
  void go_on() override;
  void on_timer() override { accept(); }

private:
  void begin();
  void accept();
  bool accept_one();
  bool on_refused(int error);
  bool tell_busy();
  void keep_reserve();
  void deal(unique_fd socket, std::string remote_address, bool has_place);
  loop& least_loaded() const;
  void close();

  std::vector<loop*> loops_;
  std::shared_ptr<socket_places> places_;
  serve_function serve_;
  busy_function busy_;
  milliseconds back_off_;
  listening_socket socket_;
  unique_fd reserve_; // to accept, and to tell, when there is no other
  bool put_off_ = false;
  log_limit lines_{{.max_lines = 1}};
};

} // namespace wsrelay
