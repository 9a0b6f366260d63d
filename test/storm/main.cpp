// The storm: hundreds of clients and actors do random things to one relay, then
// it is checked that every promise was kept. Exits with 1 when one was not.
#include "actors/caf_compat.hpp"
#include "config/load.hpp"
#include "net/node.hpp"
#include "test/storm/actors.hpp"
#include "test/storm/options.hpp"
#include "test/storm/routes.hpp"
#include "test/storm/swarm.hpp"
#include "test/support/heap.hpp"

#include <fmt/ranges.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

namespace wsrelay::storm {

namespace {

using namespace std::chrono_literals;

// Growth of the resident memory between the first quarter and the end. Freed
// memory is held back by the address sanitizer.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t max_growth_mib = 700;
#else
constexpr std::size_t max_growth_mib = 150;
#endif

// Growth of the heap from the end of a first, short storm to that of the storm,
// however long it is: tables, and what threads keep of freed memory. Up to 160
// were seen; 32 bytes that each connection of a minute leaves would be more.
constexpr std::size_t max_left_kib = 512;

// Waits until something holds; false when it takes too long.
template <class F>
bool holds_within(std::chrono::seconds limit, F condition) {
  auto deadline = steady::now() + limit;
  while (!condition()) {
    if (steady::now() > deadline)
      return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

class storm {
public:
  storm(caf::actor_system& system, stage& on, const storm_options& options,
        relay_config config)
      : system_{system},
        on_{on},
        seen_{on.seen},
        targets_{on.targets},
        options_{options},
        random_{options.seed},
        relay_{system, std::move(config)} {
    on_.watcher = system.spawn(watcher, &seen_);
    on_.stirrer = system.spawn(stirrer, &on_);
    handler_ = system.spawn(handler, &on_, random_());
  }

  bool start() {
    if (auto put = relay_.put("handler", handler_); !put)
      return false;
    replace_ended();
    return static_cast<bool>(relay_.start());
  }

  void run() {
    swarm_.emplace(relay_.port(), targets_.size(), options_.clients, random_(),
                   seen_, options_.low_limits);
    auto start = steady::now();
    auto quarter = start + options_.duration / 4;
    while (steady::now() < start + options_.duration) {
      stir_all();
      if (memory_ == 0 && steady::now() > quarter)
        memory_ = resident_mib();
      std::this_thread::sleep_for(2ms);
    }
    grown_ = resident_mib() - std::min(resident_mib(), memory_);
  }

  void finish() {
    swarm_->calm();
    if (options_.low_limits)
      note_limits();
    auto before = steady::now();
    relay_.stop();
    stop_time_ = steady::now() - before;
    swarm_->stop();
    await_targets();
    // What parked connections have left behind gives up after the node's stop.
    if (options_.low_limits)
      holds_within(10s, [this] { return seen_.open_stays() == 0; });
    expect(holds_within(10s, [this] { return seen_.missing_downs() == 0; }),
           "not every monitor fired");
    expect(holds_within(10s, [this] { return on_.asked == on_.told; }),
           fmt::format("{} of {} requests were not answered",
                       on_.asked - on_.told, on_.asked.load()));
    expect(grown_ < max_growth_mib,
           fmt::format("memory grew by {} MiB", grown_));
    seen_.check();
    end_actors();
  }

  void expect(bool condition, const std::string& otherwise) {
    if (!condition)
      seen_.violation(otherwise);
  }

  std::string summary() const {
    auto& clients = swarm_->counts();
    return fmt::format("{} connects={} upgrades={} refusals={} sent={} "
                       "received={} close_frames={} requests={} stop={}ms "
                       "memory={}+{}MiB",
                       seen_.summary(), clients.connects, clients.upgrades,
                       clients.refusals, clients.sent, clients.received,
                       clients.closes, on_.asked.load(),
                       stop_time_ / std::chrono::milliseconds{1}, memory_,
                       grown_)
           + limits_;
  }

private:
  void stir_all() {
    for (int i = 0; i < 3; ++i)
      caf::anon_send(on_.stirrer, stir{random_()});
    if (random_() % 60 == 0)
      end_one(targets_.get(random_() % targets_.size()));
    replace_ended();
  }

  void end_one(const caf::actor& who) {
    if (random_() % 2 == 0)
      caf::anon_send(who, end_now{random_()});
    else
      caf::anon_send_exit(who, random_() % 2 == 0
                                   ? caf::exit_reason::kill
                                   : caf::exit_reason::user_shutdown);
  }

  // The directory takes a name again once it knows that its actor has ended.
  void replace_ended() {
    for (std::size_t place = 0; place < targets_.size(); ++place) {
      auto now = targets_.get(place);
      if (now && is_alive(now)) {
        back_at_[place] = {};
        continue;
      }
      if (now && options_.low_limits && !is_due(place))
        continue;
      auto next = spawn_target(static_cast<habit>(place % habit_count));
      if (relay_.put(cast::name(place), next))
        targets_.set(place, next);
      else
        caf::anon_send_exit(next, caf::exit_reason::user_shutdown);
    }
  }

  // Connections wait for it meanwhile, some of them in vain.
  bool is_due(std::size_t place) {
    auto& when = back_at_[place];
    if (when == steady::time_point{})
      when =
          steady::now()
          + std::chrono::milliseconds{random_() % 3 == 0 ? 0 : random_() % 700};
    return steady::now() >= when;
  }

  // The second numbers are later than the first.
  void note_limits() {
    auto n = relay_.limits_reached();
    auto later = relay_.limits_reached();
    expect(n.park_resumed + n.park_over + n.park_evicted <= later.parked,
           fmt::format("{} connections parked, {} went on, {} waited in vain, "
                       "{} went for others",
                       later.parked, n.park_resumed, n.park_over,
                       n.park_evicted));
    limits_ = fmt::format(
        " limits: sockets={} address={}+{}+{} endpoint={} key={} held_back={} "
        "too_fast={} dropped={} replaced={} parked={} resumed={} park_over={} "
        "evicted={}",
        n.connections, n.address_connections, n.address_connects,
        n.address_requests, n.endpoint_connections, n.key_closed,
        n.rate_held_back, n.rate_ended, n.output_dropped, n.output_replaced,
        n.parked, n.park_resumed, n.park_over, n.park_evicted);
  }

  caf::actor spawn_target(habit how) {
    auto seed = random_();
    if (how == habit::detached)
      return system_.spawn<caf::detached>(target, &on_, how, seed);
    return system_.spawn(target, &on_, how, seed);
  }

  // Afterwards every leave has been handled.
  void await_targets() {
    caf::scoped_actor self{system_};
    for (std::size_t place = 0; place < targets_.size(); ++place)
      self->request(targets_.get(place), 20s, are_you_done{})
          .receive([] {}, [](caf::error&) {});
  }

  void end_actors() {
    for (std::size_t place = 0; place < targets_.size(); ++place)
      caf::anon_send_exit(targets_.get(place), caf::exit_reason::user_shutdown);
    for (auto& who : {on_.watcher, on_.stirrer, handler_})
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    targets_.clear();
    on_.watcher = on_.stirrer = nullptr;
  }

  caf::actor_system& system_;
  stage& on_;
  record& seen_;
  cast& targets_;
  storm_options options_;
  std::mt19937_64 random_;
  caf::actor handler_;
  node relay_;
  std::optional<swarm> swarm_;
  std::size_t memory_ = 0;
  std::size_t grown_ = 0;
  steady::duration stop_time_{0};
  std::vector<steady::time_point> back_at_ =
      std::vector<steady::time_point>(targets_.size()); // 0 = lives
  std::string limits_;
};

// Returns the summary, when all actors of the storm have ended, or "".
std::string rage(caf::actor_system& system, stage& on,
                 const storm_options& options, const relay_config& config) {
  auto running = [&system] { return system.registry().running(); };
  auto actors = running();
  std::string summary;
  {
    storm weather{system, on, options, config};
    if (!weather.start()) {
      on.seen.violation("the relay does not start");
      return {};
    }
    weather.run();
    weather.finish();
    summary = weather.summary();
  }
  if (!holds_within(10s, [&] { return running() == actors; }))
    on.seen.violation(fmt::format("actors left: {} run at the end, {} before",
                                  running(), actors));
  on.seen.forget();
  return summary;
}

// What lasts as long as a program is made in a first storm. CAF's clock keeps
// the timeouts of answered requests until they are due.
std::string rage_twice(caf::actor_system& system, stage& on,
                       const storm_options& options,
                       const relay_config& config) {
  auto first = options;
  first.duration = std::max(options.duration / 6, 2s);
  if (rage(system, on, first, config).empty())
    return {};
  auto warm = test::heap_bytes();
  auto summary = rage(system, on, options, config);
  if (!warm)
    return summary;
  auto left_kib = [&warm] {
    auto now = *test::heap_bytes();
    return (now - std::min(now, *warm)) / 1024;
  };
  if (!holds_within(30s, [&] { return left_kib() <= max_left_kib; }))
    on.seen.violation(fmt::format("heap not flat: {} KiB are left, at most {} "
                                  "may be",
                                  left_kib(), max_left_kib));
  return fmt::format("{} heap={}+{}KiB", summary, *warm / 1024, left_kib());
}

int report(const record& seen, const storm_options& options,
           const std::string& summary) {
  for (auto& each : seen.reports())
    fmt::print("violation: {}\n", each);
  fmt::print("seed={} violations={} {}\n", options.seed, seen.violations(),
             summary);
  std::fflush(stdout);
  return seen.violations() == 0 ? 0 : 1;
}

// Returns the summary. The actors may use `on` until the system has ended.
std::string run(stage& on, const storm_options& options,
                const relay_config& config) {
  system_config system_settings;
  caf::actor_system system{system_settings};
  auto actors = system.registry().running();
  auto descriptors = open_descriptors();
  auto summary = rage_twice(system, on, options, config);
  if (system.registry().running() != actors) // the system would wait for them
    std::_Exit(report(on.seen, options, summary));
  // Fewer than before are no leak: the sanitizer probes memory through pipes,
  // and one of a thread that was starting can be among the first.
  std::vector<std::string> left;
  auto none_left = [&] {
    left = descriptors_besides(descriptors);
    return left.empty();
  };
  if (!holds_within(5s, none_left))
    on.seen.violation(
        fmt::format("descriptors left: {}", fmt::join(left, ", ")));
  return summary;
}

int run(const storm_options& options, const relay_config& config) {
  record seen;
  cast targets{habit_count + 3}; // some habits twice
  stage on{seen, targets, nullptr, nullptr};
  on.low_limits = options.low_limits;
  auto summary = run(on, options, config);
  return report(seen, options, summary);
}

} // namespace

} // namespace wsrelay::storm

int main(int argc, char** argv) {
  using namespace wsrelay::storm;
  auto options = parse_options(argc, argv);
  fmt::print("storm: seed={} seconds={} clients={}{}\n", options.seed,
             options.duration.count(), options.clients,
             options.low_limits ? " low limits" : "");
  std::fflush(stdout);
  auto loaded = wsrelay::load_config(config_text(options.low_limits), "storm");
  for (auto& error : loaded.errors)
    fmt::print(stderr, "{}\n", to_text(error));
  return loaded.errors.empty() ? run(options, loaded.config) : 1;
}
