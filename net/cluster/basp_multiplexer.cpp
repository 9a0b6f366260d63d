// What CAF's middleman asks its multiplexer for.
#include "net/cluster/basp_multiplexer.hpp"

#include "net/cluster/basp_acceptor.hpp"
#include "net/cluster/basp_stream.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/identity.hpp"
#include "net/cluster/reach.hpp"
#include "net/loop/tcp_socket.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <caf/io/scribe.hpp>
#include <caf/sec.hpp>

#include <fcntl.h>

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

// What somebody else made is not to be inherited by other programs.
unique_fd adopt(caf::io::network::native_socket fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return unique_fd{fd};
}

// Blocks.
caf::expected<unique_fd> connect_to(const std::string& host,
                                    std::uint16_t port) {
  error_code ec;
  boost::asio::io_context context;
  tcp::resolver resolver{context};
  tcp::socket socket{context};
  auto found = resolver.resolve(host, std::to_string(port), ec);
  if (!ec)
    boost::asio::connect(socket, found, ec);
  if (ec)
    return make_error(caf::sec::cannot_connect_to_node, ec.message());
  return adopt(socket.release());
}

} // namespace

basp_multiplexer::basp_multiplexer(caf::actor_system* system)
    : multiplexer(system), home_{*system, in_place_budget} {}

void basp_multiplexer::exec_later(caf::resumable* job) {
  home_.exec_later(job);
}

caf::io::scribe_ptr
basp_multiplexer::new_scribe(caf::io::network::native_socket fd) {
  return make_basp_stream(home_, make_node_socket(home_, adopt(fd), nullptr));
}

caf::expected<caf::io::scribe_ptr>
basp_multiplexer::new_tcp_scribe(const std::string& host, std::uint16_t port) {
  auto connected = connect_to(host, port);
  if (!connected)
    return connected.error();
  return make_basp_stream(
      home_, make_node_socket(home_, std::move(*connected), nullptr));
}

caf::io::doorman_ptr
basp_multiplexer::new_doorman(caf::io::network::native_socket fd) {
  return make_basp_acceptor(home_, adopt(fd), nullptr, {});
}

caf::expected<caf::io::doorman_ptr>
basp_multiplexer::new_tcp_doorman(std::uint16_t port, const char* in, bool) {
  auto opened = open_listening(in ? in : "", port);
  if (!opened)
    return make_error(caf::sec::cannot_open_port, opened.error().what);
  return make_basp_acceptor(home_, std::move(opened->socket), nullptr, {});
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
