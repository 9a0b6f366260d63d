// Wiring: directory, loops, acceptors, listeners.
#include "net/node.hpp"

#include "actors/acceptor.hpp"
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/node_messages.hpp"
#include "config/load.hpp"
#include "config/validate.hpp"
#include "net/cluster/cluster.hpp"
#include "net/cluster/reach.hpp"
#include "net/heap.hpp"
#include "net/http/certificate_watch.hpp"
#include "net/http/client_door.hpp"
#include "net/http/frontend.hpp"
#include "net/http/service_ports.hpp"
#include "net/http/upstream_tls.hpp"
#include "net/last_actors.hpp"
#include "net/loop/loop_check.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <thread>

namespace wsrelay {

namespace {

// After its sockets were dropped a loop needs a turn or two.
constexpr std::chrono::seconds drop_patience{5};

// For actors to end when the connections have taken all the time there was.
constexpr std::chrono::milliseconds actors_patience{1'000};

unsigned loop_count(const service_config& settings) {
  auto cores = std::max(1u, std::thread::hardware_concurrency());
  return settings.threads > 0 ? settings.threads : cores;
}

std::string acceptor_name(const service_config& settings, std::size_t number) {
  return fmt::format("{}{}.{}", acceptor_prefix, settings.name, number);
}

acceptor_state& state_of(const caf::actor& acceptor) {
  auto* object = caf::actor_cast<caf::abstract_actor*>(acceptor);
  return static_cast<acceptor_actor*>(object)->state;
}

} // namespace

// Members are destroyed from the last to the first: loops, with every socket
// and handler left on them, go before what they refer to.
struct node::running_service {
  explicit running_service(const service_config& what)
      : settings{&what}, ports{what} {}

  const service_config* settings;
  std::shared_ptr<service> shared;
  std::vector<caf::actor> acceptors; // of the loops, in their order
  std::map<loop*, std::unique_ptr<client_door>> doors;
  service_ports ports;
  std::vector<loop*> all_loops;
  loop* shared_loop = nullptr; // the first one, if it is that of the nodes
  std::vector<std::unique_ptr<loop>> loops;
};

node::node(caf::actor_system& system, relay_config config)
    : system_{system},
      config_{std::make_shared<const relay_config>(std::move(config))},
      directory_{system.spawn(wsrelay::directory,
                              config_->clusters.empty()
                                  ? std::string{}
                                  : config_->clusters.front().name)},
      cluster_{std::make_unique<cluster>(system, directory_)},
      meets_nodes_{!config_->clusters.empty()} {}

node::~node() {
  stop();
  auto deadline = std::max(*stopped_at_ + shutdown_timeout(),
                           std::chrono::steady_clock::now() + actors_patience);
  // Whatever holds the process longer: it was told to end.
  if (termination_signals::received())
    end_process_at(deadline);
  end_named_actors(system_, directory_);
  if (meets_nodes_)
    end_actors(deadline - actors_patience / 2);
  caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
}

std::chrono::milliseconds node::shutdown_timeout() const {
  std::chrono::milliseconds longest{0};
  for (auto& settings : config_->services)
    longest = std::max(longest, settings.shutdown_timeout);
  return config_->services.empty() ? service_config{}.shutdown_timeout
                                   : longest;
}

// The directory is one of them.
void node::end_actors(std::chrono::steady_clock::time_point deadline) {
  caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
  if (auto left = end_kept_actors(system_, deadline))
    log().warn("actors left at the end of the shutdown: actors={}", left);
}

checked node::put(std::string name, const caf::actor& who) {
  return tell_directory(directory_put{std::move(name), who});
}

checked node::offer(std::string name, const caf::actor& who) {
  return tell_directory(directory_offer{std::move(name), who});
}

checked node::offer(std::vector<directory_entry> entries) {
  return tell_directory(directory_offers{std::move(entries)});
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
  if (auto issues = validate(*config_); !issues.empty())
    return failure{to_text(issues.front())};
  auto contexts = make_upstream_contexts(config_->endpoints);
  if (!contexts)
    return contexts.error();
  contexts_ = *contexts;
  stopped_at_.reset();
  for (auto& settings : config_->services)
    if (auto started = start_service(settings); !started) {
      stop();
      return started;
    }
  for (auto& settings : config_->clusters)
    if (auto started = cluster_->start(settings); !started) {
      stop();
      return started;
    }
  begin_to_serve();
  keep_heap();
  return passed();
}

std::vector<loop*> node::loops() const {
  std::vector<loop*> result;
  for (auto& service : services_)
    result.insert(result.end(), service->all_loops.begin(),
                  service->all_loops.end());
  auto* of_nodes = loop_of_nodes(system_);
  if (of_nodes
      && std::find(result.begin(), result.end(), of_nodes) == result.end())
    result.push_back(of_nodes);
  return result;
}

std::optional<std::chrono::system_clock::time_point>
node::certificates_expire(std::string_view service) const {
  auto* running = find(service);
  return running ? running->shared->certificates_expire() : std::nullopt;
}

bool node::is_responsive(std::chrono::milliseconds limit) const {
  return take_turns(loops(), limit);
}

void node::keep_heap() {
  auto all = loops();
  if (all.empty())
    return;
  keep_freed_memory();
  heap_ = std::make_unique<heap_keeper>(std::move(all), make_heap_system(),
                                        heap_keeper::periods{});
}

// The system may be out of threads or descriptors.
checked node::start_service(const service_config& settings) {
  auto& made =
      *services_.emplace_back(std::make_unique<running_service>(settings));
  try {
    return run_service(made);
  } catch (const std::exception& error) {
    return failure{fmt::format("cannot start service {}: {}", settings.name,
                               error.what())};
  }
}

checked node::run_service(running_service& what) {
  auto& settings = *what.settings;
  what.shared = std::make_shared<service>(config_, settings, directory_);
  what.shared->nodes = &cluster_nodes();
  what.shared->contexts = contexts_;
  if (settings.tls.enabled())
    if (auto loaded = what.shared->load_certificates(); !loaded)
      return loaded;
  start_loops(what);
  auto opened = what.ports.open(
      what.all_loops, what.shared->places,
      [&doors = what.doors](loop& home, accepted_socket accepted) {
        doors.at(&home)->serve(std::move(accepted));
      });
  if (!opened)
    return opened;
  name_acceptors(what);
  return passed();
}

// Once all are there.
void node::begin_to_serve() {
  auto* https = find_https_service(*config_);
  std::vector<std::shared_ptr<service>> all;
  for (auto& each : services_) {
    if (https)
      each->shared->https_port = port(https->name);
    each->ports.start();
    all.push_back(each->shared);
  }
  certificates_ = watch_certificates(all);
}

bool node::reload_certificates() {
  if (certificates_)
    certificates_->call_now();
  return certificates_ != nullptr;
}

// With a cluster the first service's first loop is the one that the other nodes
// are connected on: its connections' messages to them cross no thread.
void node::start_loops(running_service& what) {
  auto count = loop_count(*what.settings);
  if (!config_->clusters.empty() && services_.size() == 1)
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
  auto& added = what.acceptors.emplace_back(
      spawn_on(system_, &home, wsrelay::acceptor,
               acceptor_config{directory_, &cluster_nodes()}));
  // Its functions may be called once it has started.
  caf::scoped_actor self{system_};
  self->request(added, caf::infinite, caf::ok_atom_v)
      .receive([] {}, [](caf::error&) {});
  home.call([&, door = &what.doors[&home]] {
    *door = std::make_unique<client_door>(
        *what.shared, home, make_frontend(what.shared, home, state_of(added)),
        loop_count(*what.settings));
  });
}

void node::name_acceptors(const running_service& what) {
  for (std::size_t i = 0; i < what.acceptors.size(); ++i) {
    auto named = tell_directory(
        directory_own{acceptor_name(*what.settings, i), what.acceptors[i]});
    if (!named) // it is only hidden from operators
      log().warn("acceptor has no name: service={} reason={}",
                 what.settings->name, named.error().what);
  }
}

// What other nodes do about it goes on while the own connections close.
void node::stop() {
  auto begin = std::chrono::steady_clock::now();
  if (!stopped_at_) {
    stopped_at_ = begin;
    if (termination_signals::received()) // also if something hangs here
      end_process_at(begin + shutdown_timeout() + actors_patience);
  }
  heap_ = nullptr;
  caf::scoped_actor self{system_};
  auto goodbye = self->request(directory_, caf::infinite, directory_stop{});
  cluster_->stop();
  for (auto& service : services_)
    if (service->shared)
      service->shared->stopping = true;
  for (auto& service : services_)
    begin_stop(*service);
  // The directory answers in time, whoever is silent.
  goodbye.receive([] {}, [](caf::error&) {});
  std::stable_sort(services_.begin(), services_.end(), [](auto& a, auto& b) {
    return a->settings->shutdown_timeout < b->settings->shutdown_timeout;
  });
  for (auto& service : services_)
    stop_service(*service, begin + service->settings->shutdown_timeout);
  certificates_ = nullptr; // which may wait for a disk
  services_.clear();
}

// Nothing new is accepted, and what is there begins to end.
void node::begin_stop(running_service& what) {
  what.ports.stop();
  for (auto* home : what.all_loops)
    home->post([home] { home->abort_sockets(true); });
  for (auto& acceptor : what.acceptors)
    caf::anon_send(acceptor, acceptor_stop{what.settings->shutdown_timeout});
}

// First everything that uses a socket ends, then what the sockets used.
void node::stop_service(running_service& what, time_point deadline) {
  close_connections(what, deadline);
  for (auto* home : what.all_loops)
    home->drop_sockets();
  if (what.shared) {
    what.shared->places->wait_until_empty(std::chrono::steady_clock::now()
                                          + drop_patience);
    what.shared->pool->stop(deadline);
  }
  for (auto& [home, door] : what.doors)
    home->call([&door = door] { door = nullptr; });
  end_acceptors(what);
  for (auto& home : what.loops)
    home->stop();
}

void node::close_connections(running_service& what, time_point deadline) {
  caf::scoped_actor self{system_};
  for (auto& acceptor : what.acceptors) // they have begun
    self->request(acceptor, caf::infinite,
                  acceptor_stop{what.settings->shutdown_timeout})
        .receive([] {}, [](caf::error&) {});
  if (!what.shared || what.shared->places->wait_until_empty(deadline))
    return;
  log().warn("sockets left at the end of the shutdown: service={} sockets={}",
             what.settings->name, what.shared->places->taken());
}

void node::end_acceptors(running_service& what) {
  caf::scoped_actor self{system_};
  for (std::size_t i = 0; i < what.acceptors.size(); ++i) {
    auto& acceptor = what.acceptors[i];
    self->send_exit(acceptor, caf::exit_reason::user_shutdown);
    self->wait_for(acceptor);
    self->send(directory_,
               directory_own{acceptor_name(*what.settings, i), nullptr});
  }
}

const node::running_service* node::find(std::string_view service) const {
  for (auto& running : services_)
    if (service.empty() || running->settings->name == service)
      return running.get();
  return nullptr;
}

result<std::string> node::listen_for_operator(const std::string& path) {
  auto name = !config_->clusters.empty()   ? config_->clusters.front().name
              : !config_->services.empty() ? config_->services.front().name
                                           : std::string{"node"};
  auto listening = cluster_->listen_for_operator(path, name);
  meets_nodes_ = meets_nodes_ || listening;
  return listening;
}

std::uint16_t node::cluster_port() const {
  return cluster_->port();
}

std::uint16_t node::port(std::string_view service) const {
  auto* running = find(service);
  return running ? running->ports.port() : 0;
}

std::vector<std::string> node::urls(std::string_view service) const {
  auto* running = find(service);
  return running ? running->ports.urls() : std::vector<std::string>{};
}

std::string node::url(std::string_view service) const {
  auto all = urls(service);
  return all.empty() ? "" : all.front();
}

std::vector<caf::actor> node::acceptors(std::string_view service) const {
  auto* running = find(service);
  return running ? running->acceptors : std::vector<caf::actor>{};
}

} // namespace wsrelay
