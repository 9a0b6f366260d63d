// Connecting to other nodes.
#include "net/cluster/connector.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"
#include "actors/loop_actor.hpp"
#include "actors/node_messages.hpp"
#include "actors/peer_group.hpp"
#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/basp_stream.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/reach.hpp"
#include "net/loop/local_socket.hpp"
#include "net/loop/name_resolver.hpp"
#include "net/loop/tcp_socket.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <caf/all.hpp>

#include <map>
#include <set>
#include <vector>

namespace wsrelay {

namespace {

using error_code = boost::system::error_code;
using tcp = boost::asio::ip::tcp;

// From the start to a socket that is ready for CAF, or to an error.
class attempt final : public std::enable_shared_from_this<attempt>,
                      private loop_timer,
                      private open_socket {
public:
  // The text says why there is no socket.
  using completion =
      std::function<void(const std::string&, std::unique_ptr<node_socket>)>;

  attempt(loop& home, tls_context_ptr tls, completion done)
      : home_{home}, tls_{std::move(tls)}, done_{std::move(done)} {
    home.set_timer(*this, home.now() + node_connect_timeout);
    home.add_until_end(*this);
  }

  void start(name_resolver& names, const std::string& host,
             std::uint16_t port) {
    if (is_socket_path(host))
      return connect_to_file(host);
    port_ = port;
    question_ = names.find(home_.door(), host,
                           [me = shared_from_this()](const name_result& found) {
                             me->on_resolved(found);
                           });
  }

private:
  void connect_to_file(const std::string& path) {
    error_code ec;
    auto made = connect_local(path, ec);
    if (ec)
      return finish(ec);
    connected_ = make_node_socket(home_, std::move(made), nullptr);
    finish({});
  }

  void on_resolved(const name_result& found) {
    auto me = shared_from_this();
    question_ = nullptr;
    if (!found)
      return fail(found.error().what);
    found_ = *found;
    connect_to_next();
  }

  void connect_to_next() {
    tcp::endpoint address{found_[next_++], port_};
    error_code ec;
    auto made = make_tcp_socket(address.protocol().family(), ec);
    if (ec)
      return on_connected(ec);
    stream_ = std::make_shared<async_stream>(home_, std::move(made));
    stream_->connect(
        address.data(), static_cast<socklen_t>(address.size()),
        [me = shared_from_this()](error_code ec) { me->on_connected(ec); });
  }

  void on_connected(error_code ec) {
    if (ec && next_ < found_.size() && !late_)
      return connect_to_next();
    if (ec || late_)
      return finish(ec);
    connected_ = make_node_socket(std::move(stream_), tls_);
    connected_->handshake(
        node_socket::client,
        [me = shared_from_this()](error_code ec) { me->finish(ec); });
  }

  // What is under way completes with an error.
  void on_timer() override {
    late_ = true;
    if (connected_)
      connected_->close();
    else if (stream_)
      stream_->close();
    else
      finish({});
  }

  // From the loop, which ends.
  void abort() override { on_timer(); }
  bool is_idle() const override { return false; }

  void finish(error_code ec) {
    if (late_ || ec)
      fail(reason(ec));
    else
      done_({}, std::move(connected_));
  }

  void fail(const std::string& why) {
    auto me = shared_from_this();
    question_ = nullptr;
    done_(why, nullptr);
  }

  std::string reason(error_code ec) const {
    if (late_ && connected_)
      return "TLS was not done in time: it is no node, or it has no tls";
    if (late_)
      ec = boost::asio::error::timed_out;
    return connected_ ? connected_->explain(ec) : ec.message();
  }

  loop& home_;
  tls_context_ptr tls_;
  completion done_;
  std::shared_ptr<name_resolver::question> question_;
  std::vector<boost::asio::ip::address> found_; // at least one
  std::size_t next_ = 0;
  std::uint16_t port_ = 0;
  std::shared_ptr<async_stream> stream_; // while it connects
  std::unique_ptr<node_socket> connected_;
  bool late_ = false;
};

// Who asks again wants what is new.
name_resolver_options without_memory() {
  name_resolver_options result;
  result.keep_found = result.keep_missing = std::chrono::milliseconds{100};
  result.lookup = [](const std::string& host) {
    return look_up_name(host, max_addresses + 1);
  };
  return result;
}

struct connector_state;
using connector_actor = caf::stateful_actor<connector_state, loop_actor>;

struct connector_state {
  static inline const char* name = "wsrelay.connector";

  caf::result<std::vector<std::string>>
  look_up(connector_actor* self, loop& home, const std::string& host);

  name_resolver names{without_memory()};
  std::map<std::uint64_t, std::shared_ptr<name_resolver::question>> questions;
  std::uint64_t last_question = 0;
};

std::vector<std::string>
to_texts(const std::vector<boost::asio::ip::address>& addresses) {
  std::vector<std::string> result;
  for (auto& each : addresses)
    result.push_back(each.to_string());
  return result;
}

// An answer comes at last, or never, when the look-up hangs: then whoever asked
// waits no longer, and the resolver has one thread less.
caf::result<std::vector<std::string>>
connector_state::look_up(connector_actor* self, loop& home,
                         const std::string& host) {
  auto promise = self->make_response_promise<std::vector<std::string>>();
  auto number = ++last_question;
  auto answer = [this, promise, number,
                 alive = caf::strong_actor_ptr{self->ctrl()}](
                    const name_result& found) mutable {
    auto done = questions.extract(number); // this one's place: goes at the end
    if (found)
      promise.deliver(to_texts(*found));
    else
      promise.deliver(make_error(errc::no_such_peer, found.error().what));
  };
  questions[number] = names.find(home.door(), host, std::move(answer));
  return promise;
}

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
      [=](const name_lookup& message) {
        return self->state.look_up(self, *home, message.host);
      },
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
            ->start(self->state.names, host, port);
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
