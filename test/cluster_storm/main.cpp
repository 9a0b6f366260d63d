// The cluster storm: connections move between three nodes while one of them is
// killed and started again; then it is checked that nothing was lost, doubled
// or reordered. Exits with 1 when something was.
#include "net/node.hpp"
#include "test/cluster_storm/dice.hpp"
#include "test/cluster_storm/nodes.hpp"
#include "test/cluster_storm/options.hpp"
#include "test/cluster_storm/remains.hpp"
#include "test/cluster_storm/swarm.hpp"
#include "test/cluster_storm/verdict.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace wsrelay::cluster_storm {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;

// Beside the transfers at their rate.
constexpr auto storm_patience = 60s;
constexpr auto kill_patience = 4s;

constexpr std::size_t messages_per_second = 5'000;

// Part of the transfers, before all others: what lasts as long as a node is
// made meanwhile.
constexpr std::size_t warm_up_part = 4;

relay_config driver_config(const std::vector<std::uint16_t>& peers,
                           const std::string& tls) {
  cluster_config cluster;
  cluster.name = "driver";
  for (auto port : peers)
    cluster.peers.push_back(fmt::format("127.0.0.1:{}", port));
  cluster.heartbeat_interval = 300ms;
  cluster.heartbeat_timeout = 1'500ms;
  // Sooner than the relay: it knows a node that the relay does not.
  cluster.reconnect_min = 10ms;
  cluster.reconnect_max = 20ms;
  cluster.tls = {tls, tls, tls};
  relay_config result;
  result.clusters.push_back(cluster);
  return result;
}

class storm {
public:
  explicit storm(storm_options options)
      : options_{std::move(options)},
        random_{options_.seed},
        nodes_{options_, random_},
        swarm_{random_, options_.park} {}

  int run() {
    if (!start_nodes())
      return complain("the nodes do not start");
    auto settings = driver_config(nodes_.cluster_ports(), options_.tls);
    system_config system_settings{settings};
    caf::actor_system system{system_settings};
    auto actors = system.registry().running();
    auto result = run_with(system, settings);
    auto is_over = [&] { return system.registry().running() == actors; };
    if (swarm_.turn_until(patience, is_over))
      return result;
    fmt::print("violation: actors left: {} run on the driver, {} before\n",
               system.registry().running(), actors);
    std::fflush(stdout);
    std::_Exit(1); // the system would wait for them
  }

private:
  int run_with(caf::actor_system& system, const relay_config& settings) {
    node self{system, settings};
    if (!self.start())
      return complain("the driver does not start");
    directory_ = self.directory();
    mover_ = system.spawn(mover, &book_, directory_);
    if (remains_.await_nodes(directory_)) {
      warm_up();
      plan_kills();
      rage(moves_ + options_.transfers);
      settle();
    } else {
      expect(false, "the nodes do not find each other");
    }
    auto result = finish();
    caf::anon_send_exit(mover_, caf::exit_reason::user_shutdown);
    mover_ = directory_ = nullptr;
    return result;
  }

  bool start_nodes() {
    nodes_.start_apps();
    if (!swarm_.turn_until(patience, [this] { return nodes_.apps_ready(); }))
      return false;
    nodes_.start_relay();
    return swarm_.turn_until(patience, [this] { return nodes_.relay_ready(); });
  }

  // -- the storm --------------------------------------------------------------

  // Nobody is killed, and nothing is left of it but what lasts.
  void warm_up() {
    rage(options_.transfers / warm_up_part);
    expect(all_answered(), "not every transfer of the warm-up was answered");
    close_all();
    remains_.note(directory_);
  }

  // Up to so many transfers in all.
  void rage(std::size_t goal) {
    auto start = steady::now();
    auto moved = moves_;
    messages_ = 0;
    auto latest = start + storm_patience + kill_at_.size() * kill_patience
                  + 2 * (goal - moves_) / options_.rate * 1s;
    while (moves_ < goal || !kill_at_.empty()) {
      if (steady::now() > latest)
        return expect(false, "the transfers take too long");
      swarm_.fill_up(options_.connections, nodes_.port());
      auto elapsed = std::chrono::duration<double>(steady::now() - start);
      auto due = [&](std::size_t rate) {
        return static_cast<std::size_t>(elapsed.count()
                                        * static_cast<double>(rate));
      };
      for (; messages_ < due(messages_per_second); ++messages_)
        swarm_.any().send_number();
      if (moves_ < std::min(moved + due(options_.rate), goal))
        move_one(app2_comes() && random_.chance(2) ? "app2" : "");
      if (!kill_at_.empty() && moves_ >= kill_at_.front()
          && nodes_.app2_runs()) {
        kill_at_.erase(kill_at_.begin());
        strike();
      }
      if (nodes_.app2_is_due())
        nodes_.bring_app2_back();
      swarm_.turn();
    }
  }

  void plan_kills() {
    auto part = options_.transfers / (options_.kills + 1);
    for (std::size_t i = 1; i <= options_.kills; ++i)
      kill_at_.push_back(moves_ + i * part - random_.pick(part / 2 + 1));
  }

  void strike() {
    if (random_.chance(2))
      stir();
    nodes_.strike_app2(kill_at_.size());
  }

  // Transfers to app2 and from it are under way.
  void stir() {
    for (int i = 0; i < 10; ++i)
      move_one("app2");
    for (auto& each : swarm_.all())
      if (each->seen().last_owner == nodes_.app2_label() && random_.chance(2))
        move(*each, random_.chance(2) ? "app1" : "relay1");
    for (auto i = random_.pick(6); i > 0; --i) {
      swarm_.send_numbers();
      swarm_.turn();
    }
  }

  // It runs, and is not known to all others.
  bool app2_comes() const {
    return nodes_.app2_runs() && !nodes_.app2_is_settled();
  }

  void move_one(std::string to = {}) {
    auto& who = swarm_.any();
    if (!who.open() || who.seen().pid.empty())
      return;
    ++moves_;
    move(who, to.empty() ? any_node(random_) : to);
  }

  void move(client& who, const std::string& to) {
    if (!who.open() || who.seen().pid.empty())
      return;
    move_record what;
    what.serial = who.seen().serial;
    what.where = fmt::format("t{}@{}", random_.pick(4), to);
    what.how = static_cast<manner>(random_.pick(5));
    what.expected = to == "app2" ? outcome::any : outcome::moves;
    if (random_.chance(12))
      spoil(what);
    else if (to == "app2" && !nodes_.app2_is_settled() && random_.chance(2))
      what.how = manner::by_handle;
    if (what.how == manner::by_sibling) {
      what.where = fmt::format("t{}", random_.pick(4));
      what.expected = outcome::any;
    }
    auto id = book_.open(what);
    if (what.how <= manner::by_stale_handle)
      caf::anon_send(mover_, id, who.seen().pid);
    else
      who.send_number(fmt::format(
          "{} {} {}", what.how == manner::by_target ? "move" : "sibling", id,
          what.where));
  }

  // Makes it one that fails.
  void spoil(move_record& what) {
    const std::array wheres{"nobody@app1", "nobody@app2", "t0@app9",
                            "picky@app1",  "silent@app1", "picky@relay1",
                            "99999@app1"};
    what.where = wheres[random_.pick(wheres.size())];
    what.expected = outcome::fails;
  }

  // -- the end ----------------------------------------------------------------

  // Everything is answered, the node is back and takes connections.
  void settle() {
    if (!nodes_.app2_runs()) {
      swarm_.turn_until(patience, [this] { return nodes_.app2_may_come(); });
      nodes_.bring_app2_back();
    }
    expect(swarm_.turn_until(patience,
                             [this] { return nodes_.app2_is_settled(); }),
           "app2 does not start");
    expect(swarm_.turn_until(patience, [this] { return !swarm_.any_parked(); }),
           "connections are parked for too long");
    expect(all_answered(), "not every transfer was answered");
    std::vector<std::uint64_t> last;
    for (auto& each : swarm_.all())
      if (each->open() && !each->seen().pid.empty())
        last.push_back(last_move(*each));
    expect(all_answered(), "not every transfer was answered at the end");
    auto moves = book_.moves();
    for (auto id : last)
      expect(moves.at(id).answer == "ok",
             fmt::format("the last transfer of {} to {}: {}",
                         moves.at(id).serial, moves.at(id).where,
                         moves.at(id).answer));
    swarm_.send_numbers();
  }

  bool all_answered() {
    return swarm_.turn_until(patience,
                             [this] { return book_.unanswered() == 0; });
  }

  std::uint64_t last_move(const client& who) {
    move_record what;
    what.serial = who.seen().serial;
    what.where = fmt::format("t{}@app2", random_.pick(4));
    what.expected = outcome::any;
    auto id = book_.open(what);
    caf::anon_send(mover_, id, who.seen().pid);
    return id;
  }

  // When nothing has come for a while.
  void close_all() {
    swarm_.turn_until(patience, [this, before = swarm_.received(),
                                 since = steady::now()]() mutable {
      if (auto now = swarm_.received(); now != before) {
        before = now;
        since = steady::now();
      }
      return steady::now() > since + 300ms;
    });
    swarm_.close();
    expect(swarm_.turn_until(patience, [this] { return swarm_.gone(); }),
           "not every connection closed");
  }

  int finish() {
    close_all();
    evidence all{
        options_.folder, nodes_.labels(), nodes_.struck(), swarm_.records(), {},
        options_.park,   nodes_.stopped()};
    auto found = verdict(all);
    left_ = remains_.judge(directory_);
    for (auto& label : nodes_.stop())
      expect(false, label + " did not end well");
    return report(found, all.clients.size());
  }

  // What is on its way at the end arrives within some time.
  judgement verdict(evidence& all) {
    judgement result;
    swarm_.turn_until(patience, [&] {
      all.moves = book_.moves();
      result = judge(all);
      for (auto i = result.violations.empty() ? 0 : 100; i > 0; --i)
        swarm_.turn();
      return result.violations.empty();
    });
    return result;
  }

  int report(const judgement& found, std::size_t connections) {
    for (auto& text : found.violations)
      violations_.push_back(text);
    for (auto& text : book_.complaints())
      violations_.push_back(text);
    for (std::size_t i = 0; i < std::min<std::size_t>(violations_.size(), 20);
         ++i)
      fmt::print("violation: {}\n", violations_[i]);
    std::string answers;
    for (auto& [text, count] : found.answers)
      answers += fmt::format(" {}={}", text, count);
    if (options_.park)
      fmt::print("stopped={} parked={} resumed={} in_vain={} redelivered={}\n",
                 nodes_.stopped().size(), found.parked, found.resumed,
                 found.in_vain, found.redelivered);
    fmt::print("seed={} violations={} connections={} stays={} messages={} "
               "replies={} kills={} closed_1011={} excused={} slowest_close={} "
               "transfers={} slowest_answer={} ({})\nanswers:{}\nheap:{}\n",
               options_.seed, violations_.size(), connections, found.stays,
               found.messages, found.replies, options_.kills, found.lost,
               found.excused, found.slowest_close.count(), book_.moves().size(),
               found.slowest_answer.count(), found.slowest_move, answers,
               left_);
    if (violations_.empty() && !options_.keep)
      std::filesystem::remove_all(options_.folder);
    else
      fmt::print("journals and logs: {}\n", options_.folder);
    return violations_.empty() ? 0 : 1;
  }

  int complain(const std::string& text) {
    fmt::print("violation: {} ({})\n", text, options_.folder);
    return 1;
  }

  void expect(bool condition, const std::string& otherwise) {
    if (!condition)
      violations_.push_back(otherwise);
  }

  storm_options options_;
  dice random_;
  nodes nodes_;
  ledger book_;
  caf::actor mover_;
  caf::actor directory_; // of the driver
  std::string left_;     // heaps at the end
  swarm swarm_;
  std::size_t moves_ = 0;
  std::size_t messages_ = 0;
  std::vector<std::size_t> kill_at_; // counts of transfers
  std::vector<std::string> violations_;
  remains remains_{swarm_, violations_};
};

} // namespace

} // namespace wsrelay::cluster_storm

int main(int argc, char** argv) {
  using namespace wsrelay::cluster_storm;
  auto options = parse_options(argc, argv);
  fmt::print("cluster storm: seed={} transfers={} connections={} kills={}{}\n",
             options.seed, options.transfers, options.connections,
             options.kills, options.park ? " park" : "");
  std::fflush(stdout);
  return storm{options}.run();
}
