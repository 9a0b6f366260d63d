// Wiring: directory, loops, gates, listeners, acceptors.
#include "net/node.hpp"

#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/node_messages.hpp"
#include "config/listen_address.hpp"
#include "config/load.hpp"
#include "config/validate.hpp"
#include "net/cluster/basp_multiplexer.hpp"
#include "net/cluster/cluster.hpp"
#include "net/cluster/reach.hpp"
#include "net/http/session.hpp"
#include "net/loop/listener.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <map>
#include <thread>

namespace wsrelay {

namespace {

std::string remote_address(const tcp_socket& socket) {
  boost::system::error_code ec;
  auto endpoint = socket.remote_endpoint(ec);
  return ec ? std::string{} : endpoint.address().to_string();
}

unsigned loop_count(const service_config& settings) {
  if (settings.threads > 0)
    return settings.threads;
  return std::max(1u, std::thread::hardware_concurrency());
}

std::string acceptor_name(const service_config& settings) {
  return std::string{acceptor_prefix} + settings.name;
}

template <class Actor>
Actor& actor_object(const caf::actor& handle) {
  return *static_cast<Actor*>(caf::actor_cast<caf::abstract_actor*>(handle));
}

using gate_map = std::map<loop*, caf::actor>;

// Runs on the socket's loop. The gates live until the loops have stopped.
listener::serve_function make_serve_function(std::shared_ptr<service> owner,
                                             const gate_map& gates) {
  std::map<loop*, gate_state*> states;
  for (auto& [home, gate] : gates)
    states[home] = &actor_object<gate_actor>(gate).state;
  return [owner = std::move(owner), states](loop& home, tcp_socket socket) {
    auto remote = remote_address(socket);
    start_http_session(std::move(socket), socket_ticket{owner->acceptor},
                       {owner, home, *states.at(&home)}, std::move(remote));
  };
}

} // namespace

// Members are destroyed from the last to the first: loops, with every socket
// and handler left on them, go before what they refer to.
struct node::running_service {
  const service_config* settings;
  std::shared_ptr<service> shared;
  gate_map gates;
  std::shared_ptr<listener> port;
  std::vector<loop*> all_loops;
  loop* shared_loop = nullptr; // the first one, if it is that of the nodes
  std::vector<std::unique_ptr<loop>> loops;
};

node::node(caf::actor_system& system, relay_config config)
    : system_{system},
      config_{std::move(config)},
      directory_{system.spawn(wsrelay::directory,
                              config_.clusters.empty()
                                  ? std::string{}
                                  : config_.clusters.front().name)},
      cluster_{std::make_unique<cluster>(system, directory_)} {}

node::~node() {
  stop();
  end_named_actors();
  caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
}

// CAF's registry keeps an actor whose handle went to another node until it
// ends, and the actor system waits for it.
void node::end_named_actors() {
  caf::scoped_actor self{system_};
  self->request(directory_, caf::infinite, directory_list{})
      .receive(
          [&](const std::vector<directory_entry>& entries) {
            for (auto& entry : entries)
              if (entry.who.node() == system_.node())
                self->send_exit(entry.who, caf::exit_reason::user_shutdown);
          },
          [](caf::error&) {});
}

checked node::put(std::string name, const caf::actor& who) {
  return tell_directory(directory_put{std::move(name), who});
}

checked node::offer(std::string name, const caf::actor& who) {
  return tell_directory(directory_offer{std::move(name), who});
}

template <class Message>
checked node::tell_directory(Message message) {
  caf::scoped_actor self{system_};
  checked answer = passed();
  self->request(directory_, caf::infinite, std::move(message))
      .receive([] {},
               [&](caf::error& error) { answer = failure{to_text(error)}; });
  return answer;
}

checked node::start() {
  if (auto issues = validate(config_); !issues.empty())
    return failure{to_text(issues.front())};
  for (auto& settings : config_.services)
    if (auto started = start_service(settings); !started) {
      stop();
      return started;
    }
  for (auto& settings : config_.clusters)
    if (auto started = cluster_->start(settings); !started) {
      stop();
      return started;
    }
  return passed();
}

checked node::start_service(const service_config& settings) {
  auto& made = *services_.emplace_back(std::make_unique<running_service>());
  made.settings = &settings;
  made.shared = std::make_shared<service>(config_, settings, directory_);
  made.shared->is_reachable = is_reachable;
  start_loops(made);
  made.port = std::make_shared<listener>(
      made.all_loops, make_serve_function(made.shared, made.gates));
  if (auto opened = made.port->open(settings.host, settings.port); !opened)
    return opened;
  auto acceptor = spawn_on(system_, made.all_loops.front(), wsrelay::acceptor,
                           listener_port_ptr{made.port},
                           acceptor_config{settings.max_connections});
  made.shared->acceptor = acceptor;
  // A name that the directory does not take only hides it from operators.
  if (auto named = put(acceptor_name(settings), acceptor); !named)
    log().warn("acceptor has no name: service={} reason={}", settings.name,
               named.error().what);
  caf::anon_send(acceptor, acceptor_start{});
  return passed();
}

// With a cluster the first service's first loop is the one that the other nodes
// are connected on: its connections' messages to them cross no thread.
void node::start_loops(running_service& what) {
  auto count = loop_count(*what.settings);
  if (!config_.clusters.empty() && services_.size() == 1)
    what.shared_loop = loop_of_nodes(system_);
  if (what.shared_loop) {
    what.shared_loop->set_in_place_budget(what.settings->in_place_budget);
    add_loop(what, *what.shared_loop);
    --count;
  }
  for (unsigned i = 0; i < count; ++i) {
    auto& home = *what.loops.emplace_back(
        std::make_unique<loop>(system_, what.settings->in_place_budget));
    home.start("wsrelay." + what.settings->name);
    add_loop(what, home);
  }
}

void node::add_loop(running_service& what, loop& home) {
  what.all_loops.push_back(&home);
  auto& added = what.gates[&home] = spawn_on(system_, &home, gate, directory_);
  // Its functions may be called once it has started.
  caf::scoped_actor self{system_};
  self->request(added, caf::infinite, caf::ok_atom_v)
      .receive([] {}, [](caf::error&) {});
}

void node::stop() {
  cluster_->stop();
  for (auto& service : services_)
    service->shared->stopping = true;
  for (auto& service : services_)
    stop_service(*service);
  services_.clear();
}

void node::stop_service(running_service& what) {
  caf::scoped_actor self{system_};
  if (auto& acceptor = what.shared->acceptor) {
    self->request(acceptor, caf::infinite,
                  acceptor_stop{what.settings->shutdown_timeout})
        .receive([] {}, [](caf::error&) {});
    self->send_exit(acceptor, caf::exit_reason::user_shutdown);
    self->wait_for(acceptor);
    self->send(directory_,
               directory_erase{acceptor_name(*what.settings), nullptr});
  }
  for (auto& [home, gate] : what.gates) {
    self->send_exit(gate, caf::exit_reason::user_shutdown);
    self->wait_for(gate);
  }
  if (what.shared_loop)
    what.shared_loop->drop_sockets();
  for (auto& home : what.loops)
    home->stop();
}

const node::running_service* node::find(std::string_view service) const {
  for (auto& running : services_)
    if (service.empty() || running->settings->name == service)
      return running.get();
  return nullptr;
}

std::uint16_t node::cluster_port() const {
  return cluster_->port();
}

std::uint16_t node::port(std::string_view service) const {
  auto* running = find(service);
  return running ? running->port->port() : 0;
}

std::string node::url(std::string_view service) const {
  auto* running = find(service);
  if (!running)
    return {};
  auto host = running->settings->host;
  if (host.empty() || host == "0.0.0.0" || host == "::")
    host = "localhost"; // the wildcard is no address to connect to
  return "http://" + to_text(listen_address{host, running->port->port()});
}

const caf::actor& node::directory() const noexcept {
  return directory_;
}

caf::actor node::acceptor(std::string_view service) const {
  auto* running = find(service);
  return running ? running->shared->acceptor : caf::actor{};
}

termination_signals::termination_signals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  // A shell starts background jobs with SIGINT ignored; an ignored signal never
  // becomes pending.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

int termination_signals::wait() const {
  int number = 0;
  sigwait(&set_, &number);
  return number;
}

} // namespace wsrelay
