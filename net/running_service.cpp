// Loops, acceptors, doors and ports, and their end.
#include "net/running_service.hpp"

#include "actors/acceptor.hpp"
#include "actors/directory.hpp"
#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "actors/node_messages.hpp"
#include "actors/tell_directory.hpp"
#include "net/cluster/reach.hpp"
#include "net/http/client_door.hpp"
#include "net/http/frontend.hpp"
#include "net/loop/loop_check.hpp"
#include "protocol/json.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

namespace wsrelay {

namespace {

// After its sockets were dropped a loop needs a turn or two.
constexpr std::chrono::seconds drop_patience{5};

unsigned loop_count(const service_config& settings) {
  auto cores = std::max(1u, std::thread::hardware_concurrency());
  return settings.threads > 0 ? settings.threads : cores;
}

std::string acceptor_name(const std::string& service, unsigned generation,
                          std::size_t number) {
  return generation == 0
             ? fmt::format("{}{}.{}", acceptor_prefix, service, number)
             : fmt::format("{}{}.again{}.{}", acceptor_prefix, service,
                           generation, number);
}

std::shared_ptr<parking_lot> make_lot(const service_config& settings,
                                      const caf::actor& successors) {
  auto& limits = settings.parking;
  return successors ? std::make_shared<parking_lot>(
             limits.max_connections, limits.max_bytes, successors)
                    : nullptr;
}

acceptor_state& state_of(const caf::actor& acceptor) {
  auto* object = caf::actor_cast<caf::abstract_actor*>(acceptor);
  return static_cast<acceptor_actor*>(object)->state;
}

} // namespace

running_service::running_service(service_place place,
                                 const service_config& settings)
    : place_{std::move(place)}, settings_{settings}, ports_{settings} {}

running_service::~running_service() = default;

// The system may be out of threads or descriptors.
checked running_service::start() {
  try {
    return open();
  } catch (const std::exception& error) {
    return failure{fmt::format("cannot start service {}: {}", settings_.name,
                               error.what())};
  }
}

checked running_service::open() {
  auto made =
      std::make_shared<service>(place_.config, settings_, place_.directory);
  made->nodes = &cluster_nodes();
  made->contexts = place_.contexts;
  made->lot = make_lot(settings_, place_.successors);
  if (settings_.tls.enabled())
    if (auto loaded = made->load_certificates(); !loaded)
      return loaded;
  shared_ = made;
  start_loops();
  auto opened = ports_.open(
      all_loops_, made->places,
      [this](loop& home, accepted_socket accepted) {
        doors_.at(&home)->serve(std::move(accepted));
      },
      [this] { return busy_text(); });
  if (!opened)
    return opened;
  name_acceptors();
  return passed();
}

// Whoever waits for TLS cannot read it.
std::string running_service::busy_text() {
  auto why = shared()->no_descriptors();
  return settings_.tls.enabled() ? "" : refusal_text(why);
}

void running_service::serve() {
  ports_.start();
}

void running_service::start_loops() {
  auto count = loop_count(settings_);
  if (place_.shared_loop) {
    if (!settings_.is_derived) // it has none of its own
      place_.shared_loop->set_in_place_budget(settings_.in_place_budget);
    add_loop(*place_.shared_loop);
    --count;
  }
  for (unsigned i = 0; i < count; ++i) {
    auto& home = *loops_.emplace_back(
        std::make_unique<loop>(place_.system, settings_.in_place_budget));
    home.start("wsrelay." + settings_.name);
    add_loop(home);
  }
}

void running_service::add_loop(loop& home) {
  all_loops_.push_back(&home);
  auto& make = hosts_[&home];
  make =
      place_.make_host ? host_maker{place_.make_host} : make_relay_host(home);
  home.call([&, door = &doors_[&home]] {
    *door = std::make_unique<client_door>(shared(), home, make(shared(), home),
                                          loop_count(settings_));
  });
}

// An acceptor's functions may be called once it has started.
running_service::host_maker running_service::make_relay_host(loop& home) {
  auto& added = acceptors_.emplace_back(spawn_on(
      place_.system, &home, wsrelay::acceptor,
      acceptor_config{place_.directory, &cluster_nodes(), place_.journal}));
  caf::scoped_actor self{place_.system};
  self->request(added, caf::infinite, caf::ok_atom_v)
      .receive([] {}, [](caf::error&) {});
  return [&state = state_of(added)](std::shared_ptr<service> owner, loop& on) {
    return make_frontend(std::move(owner), on, state);
  };
}

result<std::shared_ptr<service>>
running_service::prepare(std::shared_ptr<const relay_config> config,
                         const service_config& settings,
                         std::shared_ptr<const upstream_contexts> contexts,
                         const caf::actor& successors) {
  auto next = std::make_shared<service>(std::move(config), settings, *shared());
  next->contexts = std::move(contexts);
  if (!next->lot)
    next->lot = make_lot(settings, successors);
  next_tls_ = nullptr;
  if (settings.tls.enabled()) {
    auto made = next->make_certificates();
    if (!made)
      return made.error();
    next_tls_ = *made;
  }
  return next;
}

// Each loop for itself: what it has begun it ends as it was.
void running_service::adopt(std::shared_ptr<service> next,
                            std::chrono::milliseconds patience) {
  next->places->set_limit(next->settings.max_connections);
  if (auto made = std::exchange(next_tls_, nullptr))
    next->show_certificates(std::move(made));
  for (auto* home : all_loops_) {
    home->set_in_place_budget(next->settings.in_place_budget);
    home->post([this, home, next] {
      doors_.at(home)->adopt(next, hosts_.at(home)(next, *home));
    });
  }
  shared_ = std::move(next);
  if (!take_turns(all_loops_, patience))
    log().warn(
        "a loop is held, and takes the new configuration over later: "
        "service={} hint=\"nothing to do, unless a target holds it for good\"",
        log_value(settings_.name));
  forget_endpoints();
}

// Those that the configuration has no more, once their connections have ended.
void running_service::forget_endpoints() {
  auto now = shared();
  std::set<std::string_view> names;
  for (auto& endpoint : now->config->endpoints)
    names.insert(endpoint.name);
  now->ledger->keep(names);
}

std::shared_ptr<const service_config> running_service::settings() const {
  if (auto now = shared())
    return {now, &now->settings};
  return {place_.config, &settings_};
}

void running_service::name_acceptors() {
  for (std::size_t i = 0; i < acceptors_.size(); ++i) {
    auto named = tell_directory(
        place_.system, place_.directory,
        directory_own{acceptor_name(settings_.name, place_.generation, i),
                      acceptors_[i]});
    if (!named) // it is only hidden from operators
      log().warn(
          "acceptor has no name: service={} reason={}"
          " hint=\"it serves, but wsrelay ps does not show its connections\"",
          log_value(settings_.name), json_string(named.error().what));
  }
}

// Nothing new is accepted, and who waits for nothing is dropped.
void running_service::close_doors() {
  if (auto now = shared())
    now->stopping = true;
  ports_.stop();
  for (auto* home : all_loops_)
    home->post([home] { home->abort_sockets(true); });
}

void running_service::drain(std::chrono::milliseconds longest) {
  close_doors();
  if (acceptors_.empty())
    return;
  auto now = settings();
  auto& options = now->drain;
  auto share = static_cast<double>(options.rate)
               / static_cast<double>(acceptors_.size());
  for (auto& acceptor : acceptors_)
    caf::anon_send(acceptor, acceptor_drain{options.spread, share, longest});
}

bool running_service::is_empty() const {
  auto now = shared();
  return !now || now->places->taken() == 0;
}

// What is there begins to end.
void running_service::begin_stop() {
  close_doors();
  for (auto& acceptor : acceptors_)
    caf::anon_send(acceptor, acceptor_stop{settings()->shutdown_timeout});
}

// First everything that uses a socket ends, then what the sockets used.
void running_service::stop(
    time_point deadline,
    const std::vector<std::shared_ptr<running_service>>& later) {
  close_connections(deadline);
  std::vector<const socket_places*> spared;
  for (auto& each : later)
    if (auto theirs = each->shared())
      spared.push_back(theirs->places.get());
  for (auto* home : all_loops_)
    home->drop_sockets(spared);
  if (auto now = shared()) {
    now->places->wait_until_empty(std::chrono::steady_clock::now()
                                  + drop_patience);
    now->pool->stop(deadline);
  }
  for (auto& [home, door] : doors_)
    home->call([&door = door] { door = nullptr; });
  end_acceptors();
  for (auto& home : loops_)
    home->stop();
}

void running_service::close_connections(time_point deadline) {
  caf::scoped_actor self{place_.system};
  for (auto& acceptor : acceptors_) // they have begun
    self->request(acceptor, caf::infinite,
                  acceptor_stop{settings()->shutdown_timeout})
        .receive([] {}, [](caf::error&) {});
  auto now = shared();
  if (!now || now->places->wait_until_empty(deadline))
    return;
  log().warn(
      "sockets left at the end of the shutdown: service={} sockets={}"
      " hint=\"they are cut off; a longer shutdown_timeout leaves them time\"",
      log_value(settings_.name), now->places->taken());
}

void running_service::end_acceptors() {
  caf::scoped_actor self{place_.system};
  for (std::size_t i = 0; i < acceptors_.size(); ++i) {
    auto& acceptor = acceptors_[i];
    self->send_exit(acceptor, caf::exit_reason::user_shutdown);
    self->wait_for(acceptor);
    self->send(
        place_.directory,
        directory_own{acceptor_name(settings_.name, place_.generation, i),
                      nullptr});
  }
}

} // namespace wsrelay
