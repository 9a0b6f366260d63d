// Wiring: directory, services, cluster.
#include "net/node.hpp"

#include "actors/directory.hpp"
#include "actors/log.hpp"
#include "actors/node_messages.hpp"
#include "actors/successors.hpp"
#include "config/load.hpp"
#include "config/validate.hpp"
#include "net/cluster/cluster.hpp"
#include "net/cluster/reach.hpp"
#include "net/heap.hpp"
#include "net/http/certificate_watch.hpp"
#include "net/http/upstream_tls.hpp"
#include "net/last_actors.hpp"
#include "net/loop/loop_check.hpp"
#include "net/running_service.hpp"
#include "net/tell_directory.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <thread>

namespace wsrelay {

namespace {

// For actors to end when the connections have taken all the time there was.
constexpr std::chrono::milliseconds actors_patience{1'000};

// Between looks at whether all are gone.
constexpr std::chrono::milliseconds drain_step{20};

} // namespace

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
  auto contexts = make_upstream_contexts(config_->endpoints);
  if (!contexts)
    return contexts.error();
  contexts_ = *contexts;
  stopped_at_.reset();
  find_successors();
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
  ready_ = true;
  return passed();
}

void node::on_drain_order(std::function<void()> order) {
  orders_ = system_.spawn([order](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    self->set_error_handler([](caf::error&) {});
    return caf::behavior{[order, is_given = false](node_drain) mutable {
      if (!std::exchange(is_given, true))
        order();
    }};
  });
  caf::anon_send(directory_, directory_own{"wsrelay.drain", orders_});
}

void node::drain(const std::function<bool()>& is_enough) {
  using clock = std::chrono::steady_clock;
  ready_ = false;
  std::chrono::milliseconds lead{0}, deadline{0};
  for (auto& service : services_) {
    auto& options = service->settings().drain;
    lead = std::max(lead, options.lead.value_or(lead));
    deadline = std::max(deadline, options.deadline);
  }
  auto begin = clock::now();
  auto wait = [&](clock::time_point until, auto is_done) {
    while (clock::now() < until && !is_done()) {
      if (is_enough && is_enough())
        return false;
      std::this_thread::sleep_for(drain_step);
    }
    return true;
  };
  log().info("draining: lead={}ms deadline={}ms", lead.count(),
             deadline.count());
  caf::anon_send(directory_, directory_drain{deadline});
  if (!wait(begin + lead, [] { return false; }))
    return;
  // Each close takes its time, too.
  for (auto& service : services_)
    service->drain((deadline - lead) * 4 / 5);
  auto are_empty = [this] {
    return std::all_of(services_.begin(), services_.end(),
                       [](auto& each) { return each->is_empty(); });
  };
  wait(begin + deadline, are_empty);
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
  for (auto& service : services_)
    result.insert(result.end(), service->loops().begin(),
                  service->loops().end());
  auto* of_nodes = loop_of_nodes(system_);
  if (of_nodes
      && std::find(result.begin(), result.end(), of_nodes) == result.end())
    result.push_back(of_nodes);
  return result;
}

std::optional<std::chrono::system_clock::time_point>
node::certificates_expire(std::string_view service) const {
  auto* running = find(service);
  return running ? running->shared()->certificates_expire() : std::nullopt;
}

limit_numbers node::limits_reached(std::string_view service) const {
  auto* running = find(service);
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
checked node::start_service(const service_config& settings) {
  auto is_first = !config_->clusters.empty() && services_.empty();
  auto& made = services_.emplace_back(std::make_unique<running_service>(
      service_place{system_, config_, contexts_, directory_, successors_,
                    is_first ? loop_of_nodes(system_) : nullptr},
      settings));
  return made->start();
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
  certificates_ = watch_certificates(all);
}

bool node::reload_certificates() {
  if (certificates_)
    certificates_->call_now();
  return certificates_ != nullptr;
}

// What other nodes do about it goes on while the own connections close.
void node::stop() {
  ready_ = false;
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
    service->begin_stop();
  // The directory answers in time, whoever is silent.
  goodbye.receive([] {}, [](caf::error&) {});
  std::stable_sort(services_.begin(), services_.end(), [](auto& a, auto& b) {
    return a->settings().shutdown_timeout < b->settings().shutdown_timeout;
  });
  for (auto& service : services_)
    service->stop(begin + service->settings().shutdown_timeout);
  certificates_ = nullptr; // which may wait for a disk
  services_.clear();
  for (auto* each : {&successors_, &orders_})
    if (auto ended = std::exchange(*each, nullptr))
      caf::anon_send_exit(ended, caf::exit_reason::user_shutdown);
}

const running_service* node::find(std::string_view service) const {
  for (auto& running : services_)
    if (service.empty() || running->settings().name == service)
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
  return running ? running->ports().port() : 0;
}

std::vector<std::string> node::urls(std::string_view service) const {
  auto* running = find(service);
  return running ? running->ports().urls() : std::vector<std::string>{};
}

std::string node::url(std::string_view service) const {
  auto all = urls(service);
  return all.empty() ? "" : all.front();
}

std::vector<caf::actor> node::acceptors(std::string_view service) const {
  auto* running = find(service);
  return running ? running->acceptors() : std::vector<caf::actor>{};
}

} // namespace wsrelay
