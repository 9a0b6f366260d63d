// The node: who runs next, and how time passes.
#include "test/kit/test_node.hpp"

#include "actors/directory.hpp"
#include "actors/refusal.hpp"
#include "actors/successors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace wsrelay::test {

namespace {

// The simulated clock says how long it is until then.
milliseconds unix_time() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now);
}

} // namespace

test_config::test_config() {
  wsrelay::add_message_types(*this);
  use_simulated_scheduler(*this);
}

test_node::test_node(std::unique_ptr<test_config> config)
    : config_{std::move(config)},
      system_{*config_},
      scheduler_{system_},
      directory_{system_.spawn(wsrelay::directory, config_->node_name)} {
  // Nothing else would ever run the actors that it waited for.
  system_.await_actors_before_shutdown(false);
  run();
}

test_node::~test_node() {
  lose_all();
  directory_ = nullptr;
  lot_ = nullptr;
  scheduler_.kill_actors();
  run();
  scheduler_.cancel_timeouts();
}

caf::expected<void> test_node::put(std::string name, const caf::actor& who) {
  return request<void>(directory_, directory_put{std::move(name), who});
}

fake_client test_node::connect(const caf::actor& target,
                               const client_options& options) {
  connection_config config;
  config.target = here(target);
  config.message_topic = options.message_topic;
  config.heartbeat_interval = options.heartbeat_interval;
  config.metadata = options.metadata;
  config.subprotocol = options.subprotocol;
  config.groups = options.groups;
  if (options.expires_in.count() > 0)
    config.expires_at = unix_time() + options.expires_in;
  config.window = options.window;
  config.window_bytes = options.window_bytes;
  config.output_limit = options.output_limit;
  config.max_metadata = options.max_metadata;
  config.join_timeout = options.join_timeout;
  config.directory = directory_;
  set_policies(options, config);
  auto port = make_port();
  return {spawn_on(system_, nullptr, connection, frame_port_ptr{port},
                   std::move(config)),
          port};
}

fake_client test_node::connect(std::string_view target,
                               const client_options& options) {
  auto found =
      request<caf::actor>(directory_, directory_get{std::string{target}});
  if (!found)
    throw std::invalid_argument{"no target " + std::string{target} + ": "
                                + to_text(found.error())};
  auto named = options;
  if (named.target_name.empty())
    named.target_name = target;
  return connect(*found, named);
}

caf::actor test_node::here(const caf::actor& who) {
  return driver_ ? driver_->seen_by(system_, who) : who;
}

void test_node::set_policies(const client_options& options,
                             connection_config& config) {
  config.overflow = std::make_shared<const overflow_options>(options.overflow);
  config.reports_overflow = options.report_overflow;
  config.rate = options.rate;
  if (!options.parking.is_on())
    return;
  if (!lot_)
    lot_ = std::make_shared<parking_lot>(
        parking_limits{}.max_connections, parking_limits{}.max_bytes,
        system_.spawn<caf::hidden>(wsrelay::successors, directory_));
  config.parking = std::make_shared<const parking_options>(options.parking);
  config.lot = lot_;
  config.target_name = options.target_name;
}

std::shared_ptr<fake_frame_port> test_node::make_port() {
  ports_.push_back(std::make_shared<fake_frame_port>(scheduler_));
  return ports_.back();
}

void test_node::run() {
  if (running_)
    throw std::logic_error{"test_node::run inside of an actor"};
  running_ = true;
  try {
    while (step()) {
    }
  } catch (...) { // another node of the cluster runs
    running_ = false;
    throw;
  }
  running_ = false;
  std::erase_if(ports_, [](auto& port) { return !port->is_open(); });
}

bool test_node::step() {
  return driver_ ? driver_->step() : step_here();
}

// Actors first, as a loop does it: a port acts when nobody else is ready.
bool test_node::step_here() {
  if (scheduler_.run_one())
    return true;
  auto acted = false;
  for (auto& port : ports_)
    acted = port->step() || acted;
  return acted;
}

void test_node::advance(milliseconds time) {
  run();
  auto end = now() + time;
  for (auto next = next_event(); next <= end; next = next_event()) {
    move_to(next);
    run();
  }
  move_to(end);
  run();
}

time_point test_node::next_event() const {
  return driver_ ? driver_->next_event() : next_event_here();
}

void test_node::move_to(time_point when) {
  if (driver_)
    driver_->move_to(when);
  else
    scheduler_.move_to(when);
}

time_point test_node::next_event_here() const {
  auto result = scheduler_.next_timeout();
  for (auto& port : ports_)
    result = std::min(result, port->next_wake());
  return result;
}

caf::expected<http_response> test_node::ask(const caf::actor& handler,
                                            http_request request) {
  return this->request<http_response>(handler, std::move(request));
}

caf::expected<http_response> test_node::ask(std::string_view handler,
                                            http_request request) {
  auto found = this->request<caf::actor>(directory_,
                                         directory_get{std::string{handler}});
  if (!found)
    return found.error();
  return ask(*found, std::move(request));
}

void test_node::refuse(const http_response& answer, std::string reason) {
  if (answer.relay)
    tell_refused(*answer.relay, std::move(reason));
  run();
}

void test_node::lose_all() {
  for (auto& port : ports_)
    port->fail(end_cause::connection_lost, 0);
  run();
}

std::size_t test_node::running_actors() {
  return system_.registry().running();
}

} // namespace wsrelay::test
