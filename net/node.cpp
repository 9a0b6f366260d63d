// Wiring: directory, services, cluster.
#include "net/node.hpp"

#include "actors/directory.hpp"
#include "actors/log.hpp"
#include "actors/node_messages.hpp"
#include "actors/successors.hpp"
#include "actors/tell_directory.hpp"
#include "config/load.hpp"
#include "config/validate.hpp"
#include "net/admin/admin.hpp"
#include "net/cluster/cluster.hpp"
#include "net/cluster/reach.hpp"
#include "net/heap.hpp"
#include "net/hook/hooks.hpp"
#include "net/http/certificate_watch.hpp"
#include "net/http/upstream_tls.hpp"
#include "net/last_actors.hpp"
#include "net/loop/loop_check.hpp"
#include "net/node_view.hpp"
#include "net/running_service.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

// For actors to end when the connections have taken all the time there was.
constexpr std::chrono::milliseconds actors_patience{1'000};

// For those who watch the node to hear of its end.
constexpr std::chrono::milliseconds admin_patience{500};

} // namespace

node::node(caf::actor_system& system, relay_config config)
    : system_{system},
      config_{std::make_shared<const relay_config>(std::move(config))},
      directory_{system.spawn(wsrelay::directory,
                              config_->clusters.empty()
                                  ? std::string{}
                                  : config_->clusters.front().name)},
      view_{std::make_unique<node_view>(node_view{
          system, directory_, [this] { return state_.load(); },
          [this] {
            std::lock_guard guard{mutex_};
            return node_view::all_services{services_, retired_};
          },
          [this] {
            std::lock_guard guard{mutex_};
            return config_;
          },
          [this] {
            std::lock_guard guard{mutex_};
            return admin_service_ ? admin_service_->shared() : nullptr;
          }})},
      hooks_{std::make_unique<hooks>(system, directory_)},
      cluster_{std::make_unique<cluster>(system, directory_)},
      state_{node_state::starting},
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
    log().warn("actors left at the end of the shutdown: actors={} "
               "hint=\"held, or they ignore their exit\"",
               left);
}

checked node::put(std::string name, const caf::actor& who) {
  return tell_directory(system_, directory_,
                        directory_put{std::move(name), who});
}

checked node::offer(std::string name, const caf::actor& who) {
  return tell_directory(system_, directory_,
                        directory_offer{std::move(name), who});
}

checked node::offer(std::vector<directory_entry> entries) {
  return tell_directory(system_, directory_,
                        directory_offers{std::move(entries)});
}

checked node::start() {
  if (auto issues = validate(*config_); !issues.empty())
    return failure{to_text(issues.front())};
  if (config_->services.empty() && config_->clusters.empty())
    log().warn("nobody is served: no http.service and no cluster.node");
  auto contexts = make_upstream_contexts(*config_);
  if (!contexts)
    return contexts.error();
  contexts_ = *contexts;
  stopped_at_.reset();
  enter(node_state::starting);
  if (auto started = start_all(); !started) {
    stop();
    return started;
  }
  begin_to_serve();
  keep_heap();
  on_reload_order(nullptr); // what else can be ordered can be from now on
  runs_ = true;
  enter(node_state::ready);
  return passed();
}

checked node::start_all() {
  if (auto started = start_admin(); !started)
    return started;
  find_successors();
  if (auto started = hooks_->start(config_, contexts_); !started)
    return started;
  for (auto& settings : config_->services)
    if (auto started = start_service(settings, shares_loop(settings)); !started)
      return started;
  for (auto& settings : config_->clusters)
    if (auto started = cluster_->start(settings); !started)
      return started;
  return passed();
}

// The first service's clients talk to nodes and backends on one thread, which
// hands over neither messages nor their memory.
bool node::shares_loop(const service_config& settings) const {
  auto has_others = !config_->clusters.empty() || !config_->backends.empty();
  return has_others && (services_.empty() || settings.is_derived);
}

// Its listener is a service of a configuration of its own.
std::shared_ptr<const relay_config>
node::config_of_admin(const relay_config& config) {
  auto result = std::make_shared<relay_config>();
  result->services = {to_service(config.admins.front())};
  return result;
}

// First, and last at the end: it tells how far the node is.
checked node::start_admin() {
  if (config_->admins.empty())
    return passed();
  auto own = config_of_admin(*config_);
  admin_ = std::make_unique<admin>(*view_);
  service_place place{system_, own, contexts_, directory_};
  place.make_host = [this](std::shared_ptr<service> owner, loop& home) {
    return admin_->make_host(std::move(owner), home);
  };
  admin_service_ = std::make_shared<running_service>(std::move(place),
                                                     own->services.front());
  auto started = admin_service_->start();
  if (started)
    admin_service_->serve();
  return started;
}

void node::stop_admin() {
  if (!admin_)
    return;
  admin_->stop();
  admin_service_->begin_stop();
  admin_service_->stop(std::chrono::steady_clock::now() + admin_patience);
  {
    std::lock_guard guard{mutex_};
    admin_service_ = nullptr;
  }
  admin_ = nullptr;
}

void node::enter(node_state next) {
  if (state_.exchange(next) != next && admin_)
    admin_->on_state(next);
}

bool node::is_ready() const noexcept {
  return state_ == node_state::ready;
}

std::string node::admin_url() const {
  return admin_service_ ? admin_service_->ports().urls().front() : "";
}

// What parked connections have left behind ends with it.
void node::find_successors() {
  auto& routers = config_->routers;
  if (std::any_of(routers.begin(), routers.end(),
                  [](auto& each) { return each.options.parking.is_on(); }))
    successors_ = system_.spawn(wsrelay::successors, directory_);
}

std::vector<loop*> node::loops() const {
  std::vector<loop*> result;
  auto add = [&](loop* each) {
    if (each && std::find(result.begin(), result.end(), each) == result.end())
      result.push_back(each);
  };
  for (auto& service : view_->running())
    for (auto* each : service->loops())
      add(each);
  add(loop_of_nodes(system_));
  if (admin_service_)
    result.insert(result.end(), admin_service_->loops().begin(),
                  admin_service_->loops().end());
  if (auto* of_hooks = hooks_->home())
    result.push_back(of_hooks);
  return result;
}

std::optional<std::chrono::system_clock::time_point>
node::certificates_expire(std::string_view service) const {
  auto running = find(service);
  return running ? running->shared()->certificates_expire() : std::nullopt;
}

limit_numbers node::limits_reached(std::string_view service) const {
  auto running = find(service);
  return running ? running->shared()->limits_reached() : limit_numbers{};
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

// With a cluster the first service shares the loop that the other nodes are
// connected on.
checked node::start_service(const service_config& settings, bool shares_loop) {
  auto made = make_service(config_, settings, contexts_, shares_loop, 0);
  auto started = made->start();
  std::lock_guard guard{mutex_};
  services_.push_back(std::move(made));
  return started;
}

std::shared_ptr<running_service>
node::make_service(std::shared_ptr<const relay_config> config,
                   const service_config& settings,
                   std::shared_ptr<const upstream_contexts> contexts,
                   bool shares_loop, unsigned generation) {
  return std::make_shared<running_service>(
      service_place{system_,
                    std::move(config),
                    std::move(contexts),
                    directory_,
                    successors_,
                    shares_loop ? loop_of_nodes(system_) : nullptr,
                    admin_ ? admin_->journal() : nullptr,
                    {},
                    generation},
      settings);
}

// Once all are there.
void node::begin_to_serve() {
  auto* https = find_https_service(*config_);
  std::vector<std::shared_ptr<service>> all;
  for (auto& each : services_) {
    if (https)
      each->shared()->https_port = port(https->name);
    each->serve();
    all.push_back(each->shared());
  }
  if (admin_service_)
    all.push_back(admin_service_->shared());
  certificates_ = watch_certificates(all);
}

bool node::reload_certificates() {
  if (certificates_)
    certificates_->call_now();
  return certificates_ != nullptr;
}

// What other nodes do about it goes on while the own connections close.
void node::stop() {
  enter(node_state::stopping);
  auto begin = std::chrono::steady_clock::now();
  if (!stopped_at_) {
    stopped_at_ = begin;
    if (termination_signals::received()) // also if something hangs here
      end_process_at(begin + shutdown_timeout() + actors_patience);
  }
  close_gate();
  heap_ = nullptr;
  caf::scoped_actor self{system_};
  auto goodbye = self->request(directory_, caf::infinite, directory_stop{});
  cluster_->stop();
  for (auto& service : services_)
    if (!service->settings()->is_derived)
      service->begin_stop();
  // The directory answers in time, whoever is silent.
  goodbye.receive([] {}, [](caf::error&) {});
  auto stopping = view_->running(); // it may be looked at meanwhile
  for (auto& service : retired_) {
    if (!service->settings()->is_derived)
      service->begin_stop();
    stopping.push_back(service);
  }
  // Backends are the targets of clients, and go behind them.
  std::stable_sort(stopping.begin(), stopping.end(), [](auto& a, auto& b) {
    auto rank = [](auto& each) {
      auto now = each->settings();
      return std::pair{now->is_derived, now->shutdown_timeout};
    };
    return rank(a) < rank(b);
  });
  while (!stopping.empty()) {
    auto service = stopping.front();
    stopping.erase(stopping.begin());
    if (service->settings()->is_derived)
      service->begin_stop();
    service->stop(begin + service->settings()->shutdown_timeout, stopping);
  }
  hooks_->stop(begin + shutdown_timeout());
  certificates_ = nullptr; // which may wait for a disk
  stop_admin();
  {
    std::lock_guard guard{mutex_};
    services_.clear();
    retired_.clear();
  }
  for (auto* each : {&successors_, &orders_, &commands_})
    if (auto ended = std::exchange(*each, nullptr))
      caf::anon_send_exit(ended, caf::exit_reason::user_shutdown);
}

std::shared_ptr<const running_service>
node::find(std::string_view service) const {
  for (auto& running : view_->running())
    if (service.empty() || running->settings()->name == service)
      return running;
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
  auto running = find(service);
  return running ? running->ports().port() : 0;
}

std::vector<std::string> node::urls(std::string_view service) const {
  auto running = find(service);
  return running ? running->ports().urls() : std::vector<std::string>{};
}

std::string node::url(std::string_view service) const {
  auto all = urls(service);
  return all.empty() ? "" : all.front();
}

std::vector<caf::actor> node::acceptors(std::string_view service) const {
  auto running = find(service);
  return running ? running->acceptors() : std::vector<caf::actor>{};
}

} // namespace wsrelay
