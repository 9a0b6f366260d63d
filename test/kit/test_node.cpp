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

constexpr std::size_t most_steps = 5'000'000;

constexpr std::size_t most_last_steps = 100'000;
constexpr int most_last_timers = 1000;

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

void test_config::on_undelivered(std::string_view client_pid,
                                 std::string_view topic,
                                 const caf::error& why) const {
  refused_sends->push_back({std::string{client_pid}, std::string{topic}, why});
}

test_node::test_node(std::unique_ptr<test_config> config, source_line where)
    : test_node{std::move(config), std::nullopt, where} {}

test_node::test_node(seed order, std::unique_ptr<test_config> config,
                     source_line where)
    : test_node{std::move(config), std::optional{order}, where} {}

test_node::test_node(std::unique_ptr<test_config> config,
                     std::optional<seed> order, source_line where)
    : node_checks{config->refused_sends, config->node_name, where},
      config_{std::move(config)},
      system_{*config_},
      scheduler_{system_, order},
      directory_{system_.spawn(wsrelay::directory, config_->node_name)} {
  // Nothing else would ever run the actors that it waited for.
  system_.await_actors_before_shutdown(false);
  ignore(directory_);
  set_runner([this] { run(); });
  run();
}

test_node::~test_node() {
  set_runner({});
  note_faults();
  try {
    end();
  } catch (const std::exception& error) { // an actor's, say
    note(error.what());
  }
  note_left(scheduler_.living_actors());
  scheduler_.kill_actors();
  try {
    come_to_rest(most_last_steps);
  } catch (const std::exception& error) {
    note(error.what());
  }
  scheduler_.cancel_timeouts();
}

// A timer holds its actor until it fires: one that is set again and again is a
// leak, any other is not.
void test_node::end() {
  drop_clients();
  come_to_rest(most_last_steps);
  directory_ = nullptr;
  lot_ = nullptr;
  come_to_rest(most_last_steps);
  for (auto left = most_last_timers; left > 0 && !driver_; --left) {
    auto next = next_event();
    if (next == time_point::max())
      break;
    move_to(next);
    come_to_rest(most_last_steps);
  }
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
          port, options.name, runner()};
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
  if (!come_to_rest(most_steps))
    fail("there is no end to it: after five million steps somebody still sends "
         "to himself, or two send to each other");
}

bool test_node::come_to_rest(std::size_t steps) {
  for (; step(); --steps)
    if (steps == 0)
      return false;
  std::erase_if(ports_, [this](auto& port) {
    if (!port->is_open() && !port->faults_left().empty())
      unused_.push_back(port);
    return !port->is_open();
  });
  next_port_ = 0;
  return true;
}

bool test_node::step() {
  return driver_ ? driver_->step() : step_here();
}

bool test_node::step_here() {
  if (running_)
    throw std::logic_error{"test_node::run inside of an actor"};
  running_ = true;
  struct reset {
    bool& what;
    ~reset() { what = false; }
  } at_end{running_};
  failure_watch failures;
  auto acted = scheduler_.order().is_random() ? step_any() : do_something();
  failures.rethrow();
  return acted;
}

// Actors first, as a loop does it: when nobody else is ready, each port has its
// turn.
bool test_node::do_something() {
  if (next_port_ == 0 && scheduler_.run_one())
    return true;
  auto was_first = next_port_ == 0;
  if (step_ports())
    return true;
  return !was_first && (scheduler_.run_one() || step_ports());
}

bool test_node::step_ports() {
  while (next_port_ < ports_.size()) {
    auto& port = ports_[next_port_++];
    if (port->step()) {
      next_port_ %= ports_.size();
      return true;
    }
  }
  next_port_ = 0;
  return false;
}

// Any actor or port; a port that has nothing to do passes it on.
bool test_node::step_any() {
  auto choice = scheduler_.order().pick(scheduler_.ready() + ports_.size() + 1);
  if (choice < scheduler_.ready())
    return scheduler_.run_one();
  for (std::size_t i = 0; i < ports_.size(); ++i)
    if (ports_[(choice + i) % ports_.size()]->step())
      return true;
  return scheduler_.run_one();
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

bool test_node::advance_to_next() {
  run();
  auto next = next_event();
  if (next == time_point::max())
    return false;
  move_to(next);
  run();
  return true;
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
  drop_clients();
  run();
}

void test_node::drop_clients() {
  for (auto& port : ports_)
    port->fail(end_cause::connection_lost, 0);
}

void test_node::forget_faults() {
  scheduler_.forget_faults();
  for (auto& port : ports_)
    port->forget_faults();
  unused_.clear();
}

void test_node::note_faults() {
  auto left = scheduler_.faults_left();
  auto add = [&](auto& ports) {
    for (auto& port : ports)
      for (auto& each : port->faults_left())
        left.push_back(each);
  };
  add(unused_);
  add(ports_);
  forget_faults();
  std::string text;
  for (auto& each : left)
    text += "\n  " + each;
  if (!text.empty())
    note("faults that have not come true:" + text);
}

std::size_t test_node::running_actors() {
  return system_.registry().running();
}

} // namespace wsrelay::test
