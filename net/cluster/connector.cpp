// Connecting to other nodes.
#include "net/cluster/connector.hpp"

#include "actors/answer.hpp"
#include "actors/loop_actor.hpp"
#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/basp_stream.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/reach.hpp"

#include <boost/asio/ip/basic_resolver.hpp>

#include <caf/all.hpp>

#include <set>

namespace wsrelay {

namespace {

using error_code = boost::system::error_code;
using tcp = boost::asio::ip::tcp;
using resolver = boost::asio::ip::basic_resolver<tcp, tcp_executor>;

// From the start to a socket that is ready for CAF, or to an error.
class attempt final : public std::enable_shared_from_this<attempt>,
                      private loop_timer {
public:
  // The text says why there is no socket.
  using completion =
      std::function<void(const std::string&, std::unique_ptr<node_socket>)>;

  attempt(loop& home, tls_context_ptr tls, completion done)
      : tls_{std::move(tls)},
        done_{std::move(done)},
        resolver_{home.context().get_executor()},
        socket_{home.context().get_executor()} {
    home.set_timer(*this, home.now() + node_connect_timeout);
  }

  void start(const std::string& host, std::uint16_t port) {
    if (is_socket_path(host))
      return connect_to_file(host);
    resolver_.async_resolve(
        host, std::to_string(port),
        [me = shared_from_this()](error_code ec, const auto& found) {
          me->on_resolved(ec, found);
        });
  }

private:
  void connect_to_file(const std::string& path) {
    error_code ec;
    auto made = connect_local(path, ec);
    if (ec)
      return finish(ec);
    local_socket socket{socket_.get_executor()};
    socket.assign(local_protocol{}, made.get(), ec);
    if (ec)
      return finish(ec);
    made.release();
    connected_ = make_node_socket(std::move(socket));
    finish({});
  }

  void on_resolved(error_code ec, const resolver::results_type& found) {
    if (ec || late_)
      return finish(ec);
    found_ = found;
    next_ = found_.begin();
    connect_to_next();
  }

  // Asio's own walk through the addresses opens sockets that programs which
  // the process starts inherit.
  void connect_to_next() {
    auto address = (next_++)->endpoint();
    error_code ignored;
    socket_.close(ignored);
    error_code ec;
    if (socket_.open(address.protocol(), ec); ec)
      return on_connected(ec);
    close_on_exec(socket_.native_handle());
    socket_.async_connect(address, [me = shared_from_this()](error_code ec) {
      me->on_connected(ec);
    });
  }

  void on_connected(error_code ec) {
    if (ec && next_ != found_.end() && !late_)
      return connect_to_next();
    if (ec || late_)
      return finish(ec);
    connected_ = make_node_socket(std::move(socket_), tls_);
    connected_->handshake(
        node_socket::client,
        [me = shared_from_this()](error_code ec) { me->finish(ec); });
  }

  void on_timer() override {
    late_ = true;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
    if (connected_)
      connected_->close();
  }

  void finish(error_code ec) {
    if (late_ || ec)
      done_(reason(ec), nullptr);
    else
      done_({}, std::move(connected_));
  }

  std::string reason(error_code ec) const {
    if (late_ && connected_)
      return "TLS was not done in time: it is no node, or it has no tls";
    if (late_)
      ec = boost::asio::error::timed_out;
    return connected_ ? connected_->explain(ec) : ec.message();
  }

  tls_context_ptr tls_;
  completion done_;
  resolver resolver_;
  resolver::results_type found_; // at least one, unless it failed
  resolver::results_type::iterator next_;
  tcp_socket socket_;
  std::unique_ptr<node_socket> connected_;
  bool late_ = false;
};

struct connector_state {
  static inline const char* name = "wsrelay.connector";
};

using connector_actor = caf::stateful_actor<connector_state, loop_actor>;

caf::behavior connector(connector_actor* self, loop* home, tls_context_ptr tls,
                        std::size_t output_limit) {
  auto broker = broker_of_nodes(self->system());
  self->set_default_handler(drop_unexpected);
  self->set_error_handler([](caf::error&) {});
  // Called on the actor's own thread, but outside of a message.
  auto introduce = [self, broker](caf::response_promise promise,
                                  caf::io::scribe_ptr stream,
                                  std::uint16_t port) {
    // No timeout: the stream ends when nothing comes from the other side.
    self->request(broker, caf::infinite, caf::connect_atom_v, std::move(stream),
                  port)
        .then(
            [promise](caf::node_id& node, caf::strong_actor_ptr& found,
                      std::set<std::string>& types) mutable {
              promise.deliver(std::move(node), std::move(found),
                              std::move(types));
            },
            [promise](caf::error& error) mutable {
              promise.deliver(std::move(error));
            });
  };
  return {
      [=](caf::connect_atom, const std::string& host,
          std::uint16_t port) -> caf::result<caf::message> {
        auto promise = promise_to_requester(self);
        if (!promise)
          return caf::message{};
        caf::strong_actor_ptr alive{self->ctrl()};
        auto done = [=](const std::string& why,
                        std::unique_ptr<node_socket> socket) mutable {
          static_cast<void>(alive);
          if (!socket)
            return promise->deliver(
                make_error(caf::sec::cannot_connect_to_node, why));
          introduce(
              *promise,
              make_basp_stream(*home, std::move(socket),
                               basp_options{greeting::outgoing, output_limit}),
              port);
        };
        std::make_shared<attempt>(*home, tls, std::move(done))
            ->start(host, port);
        return *promise;
      },
  };
}

} // namespace

caf::actor spawn_node_connector(caf::actor_system& system, tls_context_ptr tls,
                                std::size_t output_limit) {
  auto* home = loop_of_nodes(system);
  return spawn_on(system, home, connector, home, std::move(tls), output_limit);
}

} // namespace wsrelay
