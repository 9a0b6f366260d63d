// Accepting nodes.
#include "net/cluster/basp_acceptor.hpp"

#include "actors/log.hpp"
#include "net/cluster/reason.hpp"
#include "net/loop/guard.hpp"
#include "net/loop/local_socket.hpp"
#include "net/loop/tcp_socket.hpp"
#include "protocol/json.hpp"

#include <boost/asio/error.hpp>

#include <caf/io/abstract_broker.hpp>

#include <fmt/format.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace wsrelay {

namespace {

using error_code = boost::system::error_code;

// Sockets at a time: the loop's other sockets want theirs, too.
constexpr std::size_t batch = 16;

// Pause after the kernel refused for lack of something.
constexpr std::chrono::milliseconds back_off{100};

caf::io::accept_handle next_acceptor() {
  static std::atomic<std::int64_t> last{0};
  return caf::io::accept_handle::from_int(++last);
}

listen_address local_of(int fd) {
  sockaddr_storage found{};
  socklen_t size = sizeof found;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&found), &size);
  return {found.ss_family == AF_UNIX ? "unix" : address_text(found),
          port_of(found)};
}

bool may_enter(uid_t user) {
  return user == 0 || user == ::geteuid();
}

// The TLS handshake of one socket, given up after a while.
class arrival final : public loop_timer {
public:
  arrival(loop& home, std::unique_ptr<node_socket> socket)
      : socket_{std::move(socket)} {
    home.set_timer(*this, home.now() + node_handshake_timeout);
  }

  void on_timer() override {
    give_up(
        unfinished(fmt::format("within {}s", node_handshake_timeout.count())));
  }

  void give_up(std::string why) {
    given_up_ = std::move(why);
    socket_->close();
  }

  std::string reason(error_code ec) const {
    if (!given_up_.empty())
      return given_up_;
    auto is_gone =
        is_end_of_stream(ec) || ec == boost::asio::error::connection_reset;
    return is_gone ? unfinished("when the other side ended the connection")
                   : socket_->explain(ec);
  }

  node_socket& socket() { return *socket_; }
  std::unique_ptr<node_socket> take() { return std::move(socket_); }

private:
  static std::string unfinished(std::string_view when) {
    return fmt::format("TLS was not done {}: it is no node, or its "
                       "cluster.node has no tls",
                       when);
  }

  std::unique_ptr<node_socket> socket_;
  std::string given_up_; // why
};

class basp_acceptor final : public caf::io::doorman,
                            private pollable,
                            private loop_task,
                            private loop_timer {
public:
  basp_acceptor(loop& home, unique_fd socket, tls_context_ptr tls,
                basp_options options)
      : doorman{next_acceptor()},
        home_{home},
        socket_{std::move(socket)},
        tls_{std::move(tls)},
        options_{std::move(options)},
        local_{local_of(socket_.get())} {}

  ~basp_acceptor() override { close(); }

  // From the broker, on the loop's thread.
  void launch() override { add_to_loop(); }

  void add_to_loop() override {
    active_ = true;
    if (!std::exchange(watched_, true)
        && !home_.sockets().add(socket_.get(), *this))
      log(log_part::cluster)
          .error("cannot watch the nodes' listening socket: port={}"
                 " hint=\"no node can connect: memory is short; start the node "
                 "again\"",
                 local_.port);
    accept();
  }

  void remove_from_loop() override { active_ = false; }

  void graceful_shutdown() override {
    close();
    detach(&home_, false);
  }

  bool new_connection() override { return false; } // CAF's poll interface

  std::string addr() const override { return local_.host; }
  std::uint16_t port() const override { return local_.port; }

private:
  using pointer = caf::intrusive_ptr<basp_acceptor>;

  bool is_local() const noexcept { return local_.port == 0; }

  void close() {
    if (!socket_ || !watched_)
      return;
    home_.forget(*this);
    home_.set_timer(*this, time_point::max());
    home_.sockets().forget(*this);
    socket_.reset();
  }

  // called by the loop
  void on_ready(readiness) override { accept(); }
  void flush() override {}
  void go_on() override {
    put_off_ = false;
    accept();
  }
  void on_timer() override { accept(); }

  // The poller tells of new sockets once: they are accepted until none is left.
  void accept() {
    pointer alive{this};
    if (put_off_)
      return;
    for (std::size_t i = 0; i < batch; ++i)
      if (!active_ || !socket_ || !accept_one())
        return;
    put_off_ = true;
    home_.go_on_last(*this);
  }

  bool accept_one() {
    unique_fd socket{::accept4(socket_.get(), nullptr, nullptr,
                               SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!socket)
      return on_refused({errno, boost::system::system_category()});
    guarded("accept", [&] { on_accept(std::move(socket)); });
    return true;
  }

  // Returns whether there may be more to accept.
  bool on_refused(error_code ec) {
    if (ec == boost::asio::error::would_block)
      return false;
    if (!is_shortage(ec))
      return true; // this one is gone already (accept(2))
    if (auto left_out = options_.lines->allow("accept", home_.now()))
      log(log_part::cluster)
          .warn("cannot accept a node: reason={}"
                " hint=\"tried again by itself; raise LimitNOFILE or ulimit "
                "-n\"{}",
                json_string(ec.message()), suppressed_text(*left_out));
    home_.set_timer(*this, home_.now() + back_off);
    return false;
  }

  // A file's mode says the same, unless somebody has changed that.
  void on_accept(unique_fd socket) {
    auto user = is_local() ? user_of(socket.get()) : std::nullopt;
    auto is_other = is_local() && (!user || !may_enter(*user));
    auto guest = make_node_socket(home_, std::move(socket), tls_);
    if (guest->remote().host.empty())
      return; // it is gone already
    if (is_other)
      report_refusal(*guest, "it is another user's");
    else if (tls_)
      greet(std::move(guest));
    else
      let_in(std::move(guest));
  }

  // Who only connects and says nothing must not keep nodes out.
  void greet(std::unique_ptr<node_socket> socket) {
    if (guests_.size() == max_node_handshakes) {
      if (auto oldest = guests_.front().lock())
        oldest->give_up("too many others came after it");
      guests_.pop_front();
    }
    auto guest = std::make_shared<arrival>(home_, std::move(socket));
    guests_.push_back(guest);
    guest->socket().handshake(node_socket::server,
                              [me = pointer{this}, guest](error_code ec) {
                                me->forget(guest);
                                me->on_greeted(ec, *guest);
                              });
  }

  void forget(const std::shared_ptr<arrival>& guest) {
    std::erase_if(guests_, [&](auto& each) { return each.lock() == guest; });
  }

  void on_greeted(error_code ec, arrival& guest) {
    if (!socket_ || detached()) // this node stops
      return;
    if (ec)
      return report_refusal(guest.socket(), guest.reason(ec));
    let_in(guest.take());
  }

  void let_in(std::unique_ptr<node_socket> socket) {
    auto stream = make_basp_stream(home_, std::move(socket), options_);
    auto handle = stream->hdl();
    parent()->add_scribe(std::move(stream));
    doorman::new_connection(&home_, handle);
  }

  // Whoever reaches the port can make refusals, but not fill the log.
  void report_refusal(const node_socket& guest, std::string_view why) {
    if (auto left_out = options_.lines->allow("refused", home_.now()))
      log(log_part::cluster)
          .warn("{}{}", end_line("node refused", guest.remote().host, "", why),
                suppressed_text(*left_out));
  }

  loop& home_;
  unique_fd socket_;
  tls_context_ptr tls_;
  basp_options options_;
  listen_address local_;
  std::deque<std::weak_ptr<arrival>> guests_; // the oldest first
  bool active_ = false;
  bool watched_ = false;
  bool put_off_ = false;
};

} // namespace

caf::io::doorman_ptr make_basp_acceptor(loop& home, unique_fd socket,
                                        tls_context_ptr tls,
                                        basp_options options) {
  return caf::make_counted<basp_acceptor>(home, std::move(socket),
                                          std::move(tls), std::move(options));
}

} // namespace wsrelay
