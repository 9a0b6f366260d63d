// Loops, acceptors, doors and ports, and their end.
#include "net/running_service.hpp"

#include "actors/acceptor.hpp"
#include "actors/directory.hpp"
#include "actors/log.hpp"
#include "actors/node_messages.hpp"
#include "net/cluster/reach.hpp"
#include "net/http/client_door.hpp"
#include "net/http/frontend.hpp"
#include "net/tell_directory.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
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

std::string acceptor_name(const service_config& settings, std::size_t number) {
  return fmt::format("{}{}.{}", acceptor_prefix, settings.name, number);
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
  shared_ =
      std::make_shared<service>(place_.config, settings_, place_.directory);
  shared_->nodes = &cluster_nodes();
  shared_->contexts = place_.contexts;
  if (place_.successors)
    shared_->lot = std::make_shared<parking_lot>(
        settings_.parking.max_connections, settings_.parking.max_bytes,
        place_.successors);
  if (settings_.tls.enabled())
    if (auto loaded = shared_->load_certificates(); !loaded)
      return loaded;
  start_loops();
  auto opened = ports_.open(
      all_loops_, shared_->places,
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
  auto why = shared_->no_descriptors();
  return settings_.tls.enabled() ? "" : refusal_text(why);
}

void running_service::serve() {
  ports_.start();
}

void running_service::start_loops() {
  auto count = loop_count(settings_);
  if (place_.shared_loop) {
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
  auto& added = acceptors_.emplace_back(
      spawn_on(place_.system, &home, wsrelay::acceptor,
               acceptor_config{place_.directory, &cluster_nodes()}));
  // Its functions may be called once it has started.
  caf::scoped_actor self{place_.system};
  self->request(added, caf::infinite, caf::ok_atom_v)
      .receive([] {}, [](caf::error&) {});
  home.call([&, door = &doors_[&home]] {
    *door = std::make_unique<client_door>(
        *shared_, home, make_frontend(shared_, home, state_of(added)),
        loop_count(settings_));
  });
}

void running_service::name_acceptors() {
  for (std::size_t i = 0; i < acceptors_.size(); ++i) {
    auto named = tell_directory(
        place_.system, place_.directory,
        directory_own{acceptor_name(settings_, i), acceptors_[i]});
    if (!named) // it is only hidden from operators
      log().warn("acceptor has no name: service={} reason={}", settings_.name,
                 named.error().what);
  }
}

// Nothing new is accepted, and who waits for nothing is dropped.
void running_service::close_doors() {
  if (shared_)
    shared_->stopping = true;
  ports_.stop();
  for (auto* home : all_loops_)
    home->post([home] { home->abort_sockets(true); });
}

void running_service::drain(std::chrono::milliseconds longest) {
  close_doors();
  auto& options = settings_.drain;
  auto share = static_cast<double>(options.rate)
               / static_cast<double>(acceptors_.size());
  for (auto& acceptor : acceptors_)
    caf::anon_send(acceptor, acceptor_drain{options.spread, share, longest});
}

bool running_service::is_empty() const {
  return !shared_ || shared_->places->taken() == 0;
}

// What is there begins to end.
void running_service::begin_stop() {
  close_doors();
  for (auto& acceptor : acceptors_)
    caf::anon_send(acceptor, acceptor_stop{settings_.shutdown_timeout});
}

// First everything that uses a socket ends, then what the sockets used.
void running_service::stop(time_point deadline) {
  close_connections(deadline);
  for (auto* home : all_loops_)
    home->drop_sockets();
  if (shared_) {
    shared_->places->wait_until_empty(std::chrono::steady_clock::now()
                                      + drop_patience);
    shared_->pool->stop(deadline);
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
                  acceptor_stop{settings_.shutdown_timeout})
        .receive([] {}, [](caf::error&) {});
  if (!shared_ || shared_->places->wait_until_empty(deadline))
    return;
  log().warn("sockets left at the end of the shutdown: service={} sockets={}",
             settings_.name, shared_->places->taken());
}

void running_service::end_acceptors() {
  caf::scoped_actor self{place_.system};
  for (std::size_t i = 0; i < acceptors_.size(); ++i) {
    auto& acceptor = acceptors_[i];
    self->send_exit(acceptor, caf::exit_reason::user_shutdown);
    self->wait_for(acceptor);
    self->send(place_.directory,
               directory_own{acceptor_name(settings_, i), nullptr});
  }
}

} // namespace wsrelay
