// When app2 goes and comes back.
#include "test/cluster_storm/nodes.hpp"

#include <array>

namespace wsrelay::cluster_storm {

namespace {

using namespace std::chrono_literals;

// Longer than the nodes' heartbeat_timeout.
constexpr auto frozen_time = 2'500ms;

// After this, a node that was started is known to all others.
constexpr auto settling = 1'500ms;

} // namespace

std::string any_node(dice& random) {
  constexpr std::array names{"relay1", "app1", "app2", "app2"};
  return names[random.pick(names.size())];
}

nodes::nodes(const storm_options& options, dice& random)
    : random_{random},
      relay1_{options, "relay1"},
      app1_{options, "app1"},
      app2_{options, "app2"},
      freezes_{options.freezes},
      parks_{options.park} {}

void nodes::start_apps() {
  app1_.start();
  app2_.start();
}

bool nodes::apps_ready() {
  return app1_.ready() && app2_.ready();
}

void nodes::start_relay() {
  relay1_.start({app1_.cluster_port(), app2_.cluster_port()});
  started_ = steady::now();
}

bool nodes::relay_ready() {
  return relay1_.ready();
}

std::vector<std::uint16_t> nodes::cluster_ports() const {
  return {relay1_.cluster_port(), app1_.cluster_port(), app2_.cluster_port()};
}

void nodes::strike_app2(std::size_t left) {
  strikes_[app2_.label()].push_back(steady::now());
  if (random_.pick(left + 1) < freezes_) {
    --freezes_;
    app2_.freeze();
    frozen_ = true;
    restart_at_ = steady::now() + frozen_time;
    return;
  }
  // Before it is ready a signal would just kill it.
  if (parks_ && app2_.ready() && random_.chance(2))
    return stop_app2();
  app2_.kill();
  restart_at_ = steady::now()
                + milliseconds{random_.pick(4) == 0 ? 0 : random_.pick(700)};
}

void nodes::stop_app2() {
  stopped_.insert(app2_.label());
  app2_.terminate();
  stopping_ = true;
}

bool nodes::app2_may_come() {
  if (!stopping_)
    return true;
  auto well = app2_.ended();
  auto is_late = steady::now() > strikes_[app2_.label()].back() + stop_limit;
  if (!well && !is_late)
    return false;
  if (!well.value_or(false))
    bad_ends_.push_back(app2_.label());
  app2_.kill(); // does nothing where it has ended
  stopping_ = false;
  restart_at_ = steady::now() + milliseconds{random_.pick(300)};
  return true;
}

void nodes::bring_app2_back() {
  if (frozen_) {
    app2_.thaw();
    frozen_ = false;
  } else {
    std::vector<std::uint16_t> peers;
    if (random_.chance(2)) // half of the time both sides connect to each other
      peers = {relay1_.cluster_port(), app1_.cluster_port()};
    app2_.start(peers);
  }
  started_ = steady::now();
}

bool nodes::app2_is_due() {
  return !app2_runs() && app2_may_come() && steady::now() >= restart_at_;
}

bool nodes::app2_is_settled() const {
  return app2_runs() && steady::now() > started_ + settling;
}

std::vector<std::string> nodes::labels() const {
  std::vector<std::string> result;
  for (auto* each : {&relay1_, &app1_, &app2_})
    result.insert(result.end(), each->labels().begin(), each->labels().end());
  return result;
}

std::vector<std::string> nodes::stop() {
  auto result = bad_ends_;
  for (auto* each : {&relay1_, &app1_, &app2_})
    if (!each->stop())
      result.push_back(each->label());
  return result;
}

} // namespace wsrelay::cluster_storm
