// What CAF's middleman asks its multiplexer for.
#include "net/cluster/basp_multiplexer.hpp"

#include "net/cluster/basp_acceptor.hpp"
#include "net/cluster/basp_stream.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/identity.hpp"
#include "net/cluster/reach.hpp"

#include <boost/asio/connect.hpp>

#include <caf/io/scribe.hpp>
#include <caf/sec.hpp>

namespace wsrelay {

namespace {

using error_code = boost::system::error_code;
using tcp = boost::asio::ip::tcp;

// As in a service's loops (`in_place_budget`).
constexpr std::chrono::milliseconds in_place_budget{5};

constexpr std::chrono::milliseconds stop_step{1};

caf::error no_udp() {
  return make_error(caf::sec::bad_function_call, "no UDP between nodes");
}

// The address family of a socket that somebody else made.
tcp protocol_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4();
}

} // namespace

basp_multiplexer::basp_multiplexer(caf::actor_system* system)
    : multiplexer(system), home_{*system, in_place_budget} {}

void basp_multiplexer::exec_later(caf::resumable* job) {
  home_.exec_later(job);
}

caf::io::scribe_ptr
basp_multiplexer::new_scribe(caf::io::network::native_socket fd) {
  tcp_socket socket{home_.context().get_executor()};
  error_code ignored;
  socket.assign(protocol_of(fd), fd, ignored);
  return make_basp_stream(home_, make_node_socket(std::move(socket), nullptr));
}

caf::expected<caf::io::scribe_ptr>
basp_multiplexer::new_tcp_scribe(const std::string& host, std::uint16_t port) {
  error_code ec;
  auto executor = home_.context().get_executor();
  tcp::resolver resolver{executor};
  tcp_socket socket{executor};
  auto found = resolver.resolve(host, std::to_string(port), ec);
  if (!ec)
    boost::asio::connect(socket, found, ec);
  if (ec)
    return make_error(caf::sec::cannot_connect_to_node, ec.message());
  return make_basp_stream(home_, make_node_socket(std::move(socket), nullptr));
}

caf::io::doorman_ptr
basp_multiplexer::new_doorman(caf::io::network::native_socket fd) {
  tcp_acceptor socket{home_.context().get_executor()};
  error_code ignored;
  socket.assign(protocol_of(fd), fd, ignored);
  return make_basp_acceptor(home_, std::move(socket), nullptr, {});
}

caf::expected<caf::io::doorman_ptr>
basp_multiplexer::new_tcp_doorman(std::uint16_t port, const char* in, bool) {
  tcp_acceptor socket{home_.context().get_executor()};
  auto listening = listen(socket, in ? in : "", port);
  if (!listening)
    return make_error(caf::sec::cannot_open_port, listening.error().what);
  return make_basp_acceptor(home_, std::move(socket), nullptr, {});
}

caf::io::datagram_servant_ptr
basp_multiplexer::new_datagram_servant(caf::io::network::native_socket) {
  return nullptr;
}

caf::io::datagram_servant_ptr
basp_multiplexer::new_datagram_servant_for_endpoint(
    caf::io::network::native_socket, const caf::io::network::ip_endpoint&) {
  return nullptr;
}

caf::expected<caf::io::datagram_servant_ptr>
basp_multiplexer::new_remote_udp_endpoint(const std::string&, std::uint16_t) {
  return no_udp();
}

caf::expected<caf::io::datagram_servant_ptr>
basp_multiplexer::new_local_udp_endpoint(std::uint16_t, const char*, bool) {
  return no_udp();
}

basp_multiplexer::supervisor_ptr basp_multiplexer::make_supervisor() {
  struct impl final : supervisor {
    explicit impl(basp_multiplexer& owner) : owner{owner} {}
    ~impl() override {
      owner.home().post([multiplexer = &owner] { multiplexer->stop(); });
    }
    basp_multiplexer& owner;
  };
  return std::make_unique<impl>(*this);
}

void basp_multiplexer::run() {
  home_.run_here();
}

// The brokers have closed their sockets; what they wrote last goes out.
void basp_multiplexer::stop() {
  give_up_ = home_.now() + basp_linger_timeout;
  on_timer();
}

void basp_multiplexer::on_timer() {
  if (home_.socket_count == 0 || home_.now() >= give_up_)
    home_.ask_to_stop();
  else
    home_.set_timer(*this, home_.now() + stop_step);
}

void loop_middleman::init(caf::actor_system_config& config) {
  middleman::init(config);
  take_new_node_id(system());
}

void loop_middleman::start() {
  broker_of_nodes(system()); // before CAF makes one of its own
  middleman::start();
}

caf::actor_system::module* loop_middleman::make(caf::actor_system& system,
                                                caf::detail::type_list<>) {
  return new loop_middleman(system);
}

} // namespace wsrelay
