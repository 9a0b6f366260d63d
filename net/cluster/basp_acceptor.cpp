// Accepting nodes.
#include "net/cluster/basp_acceptor.hpp"

#include "actors/log.hpp"
#include "net/cluster/reason.hpp"

#include <caf/io/abstract_broker.hpp>

#include <fmt/format.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <unistd.h>

namespace wsrelay {

namespace {

using error_code = boost::system::error_code;

// Pause after the kernel refused for lack of something.
constexpr std::chrono::milliseconds back_off{100};

caf::io::accept_handle next_acceptor() {
  static std::atomic<std::int64_t> last{0};
  return caf::io::accept_handle::from_int(++last);
}

listen_address local_of(const tcp_acceptor& socket) {
  error_code ignored;
  auto found = socket.local_endpoint(ignored);
  return {found.address().to_string(), found.port()};
}

listen_address local_of(const local_acceptor&) {
  return {"unix", 0};
}

bool may_enter(tcp_socket&) {
  return true;
}

// Its file's mode says the same, unless somebody has changed that.
bool may_enter(local_socket& socket) {
  auto user = user_of(socket.native_handle());
  return user && (*user == 0 || *user == ::geteuid());
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

template <class Acceptor>
class basp_acceptor final : public caf::io::doorman, private loop_timer {
public:
  basp_acceptor(loop& home, Acceptor socket, tls_context_ptr tls,
                basp_options options)
      : doorman{next_acceptor()},
        home_{home},
        socket_{std::move(socket)},
        tls_{std::move(tls)},
        options_{std::move(options)} {
    close_on_exec(socket_.native_handle());
    local_ = local_of(socket_);
  }

  // From the broker, on the loop's thread.
  void launch() override { add_to_loop(); }

  void add_to_loop() override {
    active_ = true;
    accept();
  }

  void remove_from_loop() override { active_ = false; }

  void graceful_shutdown() override {
    error_code ignored;
    socket_.close(ignored);
    home_.set_timer(*this, time_point::max());
    detach(&home_, false);
  }

  bool new_connection() override { return false; } // CAF's poll interface

  std::string addr() const override { return local_.host; }
  std::uint16_t port() const override { return local_.port; }

private:
  using pointer = caf::intrusive_ptr<basp_acceptor>;
  using accepted = std::conditional_t<std::is_same_v<Acceptor, local_acceptor>,
                                      local_socket, tcp_socket>;

  void on_timer() override { accept(); }

  void accept() {
    if (!active_ || detached() || std::exchange(accepting_, true))
      return;
    socket_.async_accept([me = pointer{this}](error_code ec, accepted socket) {
      me->accepting_ = false;
      me->on_accept(ec, std::move(socket));
    });
  }

  void on_accept(error_code ec, accepted socket) {
    if (detached() || !socket_.is_open())
      return;
    if (ec && is_shortage(ec)) {
      if (auto left_out = options_.lines->allow("accept", home_.now()))
        log().warn("cannot accept a node: {}{}", ec.message(),
                   suppressed_text(*left_out));
      return home_.set_timer(*this, home_.now() + back_off);
    }
    if (!ec && may_enter(socket))
      greet(set_up(std::move(socket)));
    else if (!ec)
      report_refusal(*set_up(std::move(socket)), "it is another user's");
    accept();
  }

  std::unique_ptr<node_socket> set_up(accepted socket) {
    if constexpr (std::is_same_v<Acceptor, local_acceptor>)
      return make_node_socket(std::move(socket));
    else
      return make_node_socket(std::move(socket), tls_);
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
    if (ec)
      return report_refusal(guest.socket(), guest.reason(ec));
    if (detached())
      return;
    auto stream = make_basp_stream(home_, guest.take(), options_);
    auto handle = stream->hdl();
    parent()->add_scribe(std::move(stream));
    doorman::new_connection(&home_, handle);
  }

  // Whoever reaches the port can make refusals, but not fill the log.
  void report_refusal(const node_socket& guest, std::string_view why) {
    if (auto left_out = options_.lines->allow("refused", home_.now()))
      log().warn("node refused: address={} reason={}{}", guest.remote().host,
                 why, suppressed_text(*left_out));
  }

  loop& home_;
  Acceptor socket_;
  tls_context_ptr tls_;
  basp_options options_;
  listen_address local_;
  std::deque<std::weak_ptr<arrival>> guests_; // the oldest first
  bool active_ = false;
  bool accepting_ = false;
};

} // namespace

caf::io::doorman_ptr make_basp_acceptor(loop& home, tcp_acceptor socket,
                                        tls_context_ptr tls,
                                        basp_options options) {
  return caf::make_counted<basp_acceptor<tcp_acceptor>>(
      home, std::move(socket), std::move(tls), std::move(options));
}

caf::io::doorman_ptr make_basp_acceptor(loop& home, local_acceptor socket,
                                        basp_options options) {
  return caf::make_counted<basp_acceptor<local_acceptor>>(
      home, std::move(socket), nullptr, std::move(options));
}

} // namespace wsrelay
