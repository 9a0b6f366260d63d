// The cluster storm: connections move between three nodes while one of them is
// killed and started again; then it is checked that nothing was lost, doubled
// or reordered. Exits with 1 when something was.
#include "net/node.hpp"
#include "test/cluster_storm/options.hpp"
#include "test/cluster_storm/processes.hpp"
#include "test/cluster_storm/verdict.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>
#include <poll.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <random>

namespace wsrelay::cluster_storm {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;

constexpr auto longest_storm = 120s;

// Longer than the nodes' heartbeat_timeout.
constexpr auto frozen_time = 2'500ms;

constexpr std::size_t messages_per_second = 5'000;

// After this, a node that was started is known to all others.
constexpr auto settling = 1'500ms;

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
        relay1_{options_, "relay1"},
        app1_{options_, "app1"},
        app2_{options_, "app2"} {}

  int run() {
    if (!start_nodes())
      return complain("the nodes do not start");
    auto settings = driver_config(
        {relay1_.cluster_port(), app1_.cluster_port(), app2_.cluster_port()},
        options_.tls);
    system_config system_settings{settings};
    caf::actor_system system{system_settings};
    node self{system, settings};
    if (!self.start())
      return complain("the driver does not start");
    mover_ = system.spawn(mover, &book_, self.directory());
    rage();
    settle();
    auto result = finish();
    caf::anon_send_exit(mover_, caf::exit_reason::user_shutdown);
    mover_ = nullptr;
    return result;
  }

private:
  // -- nodes ------------------------------------------------------------------

  bool start_nodes() {
    app1_.start();
    app2_.start();
    if (!turn_until(patience,
                    [this] { return app1_.ready() && app2_.ready(); }))
      return false;
    relay1_.start({app1_.cluster_port(), app2_.cluster_port()});
    started_ = steady::now();
    return turn_until(patience, [this] { return relay1_.ready(); });
  }

  void kill_app2() {
    if (chance(2)) { // with transfers to and from it under way
      for (int i = 0; i < 10; ++i)
        move_one("app2");
      for (auto& each : clients_)
        if (each->seen().last_owner == app2_.label() && chance(2))
          move(*each, chance(2) ? "app1" : "relay1");
      for (auto i = pick(6); i > 0; --i) {
        for (auto& each : clients_)
          each->send_number();
        turn();
      }
    }
    kills_[app2_.label()].push_back(steady::now());
    if (pick(kill_at_.size() + 1) < freezes_) {
      --freezes_;
      app2_.freeze();
      frozen_ = true;
      restart_at_ = steady::now() + frozen_time;
      return;
    }
    app2_.kill();
    restart_at_ = steady::now() + milliseconds{pick(4) == 0 ? 0 : pick(700)};
  }

  void thaw_app2() {
    app2_.thaw();
    frozen_ = false;
    started_ = steady::now();
  }

  bool app2_runs() const { return app2_.running() && !frozen_; }

  // Half of the time both sides connect to each other.
  void start_app2() {
    std::vector<std::uint16_t> peers;
    if (chance(2))
      peers = {relay1_.cluster_port(), app1_.cluster_port()};
    app2_.start(peers);
    started_ = steady::now();
  }

  bool app2_settled() const {
    return app2_runs() && steady::now() > started_ + settling;
  }

  // -- the storm --------------------------------------------------------------

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  bool chance(std::uint64_t of) { return pick(of) == 0; }

  void rage() {
    plan_kills();
    auto start = steady::now();
    while (moves_ < options_.transfers || !kill_at_.empty()) {
      if (steady::now() > start + longest_storm)
        return expect(false, "the transfers take too long");
      fill_up();
      auto elapsed = std::chrono::duration<double>(steady::now() - start);
      auto due = [&](std::size_t rate) {
        return static_cast<std::size_t>(elapsed.count()
                                        * static_cast<double>(rate));
      };
      for (; messages_ < due(messages_per_second); ++messages_)
        any_client().send_number();
      if (moves_ < std::min(due(options_.rate), options_.transfers))
        move_one(app2_runs() && !app2_settled() && chance(2) ? "app2" : "");
      if (!kill_at_.empty() && moves_ >= kill_at_.front() && app2_runs()) {
        kill_at_.erase(kill_at_.begin());
        kill_app2();
      }
      if (!app2_runs() && steady::now() >= restart_at_)
        frozen_ ? thaw_app2() : start_app2();
      turn();
    }
  }

  void plan_kills() {
    auto part = options_.transfers / (options_.kills + 1);
    for (std::size_t i = 1; i <= options_.kills; ++i)
      kill_at_.push_back(i * part - pick(part / 2 + 1));
  }

  void fill_up() {
    for (auto& each : clients_)
      if (each->gone()) {
        records_.push_back(each->seen());
        each = make_client();
      }
    while (clients_.size() < options_.connections)
      clients_.push_back(make_client());
  }

  std::unique_ptr<client> make_client() {
    return std::make_unique<client>(relay1_.port(), ++serials_,
                                    fmt::format("t{}@{}", pick(4), any_node()));
  }

  client& any_client() { return *clients_[pick(clients_.size())]; }

  std::string any_node() {
    constexpr std::array names{"relay1", "app1", "app2", "app2"};
    return names[pick(names.size())];
  }

  void move_one(std::string to = {}) {
    auto& who = any_client();
    if (!who.open() || who.seen().pid.empty())
      return;
    ++moves_;
    move(who, to.empty() ? any_node() : to);
  }

  void move(client& who, const std::string& to) {
    if (!who.open() || who.seen().pid.empty())
      return;
    move_record what;
    what.serial = who.seen().serial;
    what.where = fmt::format("t{}@{}", pick(4), to);
    what.how = static_cast<manner>(pick(5));
    what.expected = to == "app2" ? outcome::any : outcome::moves;
    if (chance(12))
      spoil(what);
    else if (to == "app2" && !app2_settled() && chance(2))
      what.how = manner::by_handle;
    if (what.how == manner::by_sibling) {
      what.where = fmt::format("t{}", pick(4));
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
    what.where = wheres[pick(wheres.size())];
    what.expected = outcome::fails;
  }

  // -- the end ----------------------------------------------------------------

  // Everything is answered, the node is back and takes connections.
  void settle() {
    if (!app2_runs())
      frozen_ ? thaw_app2() : start_app2();
    expect(turn_until(patience, [this] { return app2_settled(); }),
           "app2 does not start");
    expect(turn_until(patience, [this] { return book_.unanswered() == 0; }),
           "not every transfer was answered");
    std::vector<std::uint64_t> last;
    for (auto& each : clients_)
      if (each->open() && !each->seen().pid.empty())
        last.push_back(last_move(*each));
    expect(turn_until(patience, [this] { return book_.unanswered() == 0; }),
           "not every transfer was answered at the end");
    auto moves = book_.moves();
    for (auto id : last)
      expect(moves.at(id).answer == "ok",
             fmt::format("the last transfer of {} to {}: {}",
                         moves.at(id).serial, moves.at(id).where,
                         moves.at(id).answer));
    for (auto& each : clients_)
      each->send_number();
  }

  std::uint64_t last_move(const client& who) {
    move_record what;
    what.serial = who.seen().serial;
    what.where = fmt::format("t{}@app2", pick(4));
    what.expected = outcome::any;
    auto id = book_.open(what);
    caf::anon_send(mover_, id, who.seen().pid);
    return id;
  }

  int finish() {
    auto before = received();
    turn_until(patience, [this, &before, since = steady::now()]() mutable {
      if (auto now = received(); now != before) {
        before = now;
        since = steady::now();
      }
      return steady::now() > since + 300ms;
    });
    for (auto& each : clients_)
      each->send_close();
    expect(turn_until(patience,
                      [this] {
                        return std::all_of(
                            clients_.begin(), clients_.end(),
                            [](auto& each) { return each->gone(); });
                      }),
           "not every connection closed");
    for (auto& each : clients_)
      records_.push_back(each->seen());
    auto found = verdict();
    for (auto* each : {&relay1_, &app1_, &app2_})
      expect(each->stop(), each->label() + " did not end well");
    return report(found);
  }

  std::uint64_t received() const {
    std::uint64_t result = 0;
    for (auto& each : clients_)
      for (auto& [key, count] : each->seen().received)
        result += count;
    return result;
  }

  // What is on its way at the end arrives within some time.
  judgement verdict() {
    evidence all{options_.folder, {}, kills_, records_, {}};
    for (auto* each : {&relay1_, &app1_, &app2_})
      all.labels.insert(all.labels.end(), each->labels().begin(),
                        each->labels().end());
    judgement result;
    turn_until(patience, [&] {
      all.moves = book_.moves();
      result = judge(all);
      for (auto i = result.violations.empty() ? 0 : 100; i > 0; --i)
        turn();
      return result.violations.empty();
    });
    return result;
  }

  int report(const judgement& found) {
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
    fmt::print("seed={} violations={} connections={} stays={} messages={} "
               "replies={} kills={} closed_1011={} excused={} slowest_close={} "
               "transfers={} slowest_answer={} ({})\nanswers:{}\n",
               options_.seed, violations_.size(), records_.size(), found.stays,
               found.messages, found.replies, options_.kills, found.lost,
               found.excused, found.slowest_close.count(), book_.moves().size(),
               found.slowest_answer.count(), found.slowest_move, answers);
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

  // -- the loop ---------------------------------------------------------------

  bool turn_until(std::chrono::milliseconds limit,
                  const std::function<bool()>& condition) {
    for (auto deadline = steady::now() + limit; steady::now() < deadline;) {
      if (condition())
        return true;
      turn();
    }
    return condition();
  }

  void turn() {
    std::vector<pollfd> polled;
    for (auto& each : clients_)
      polled.push_back({each->descriptor(), each->events(), 0});
    ::poll(polled.data(), polled.size(), 1);
    for (std::size_t i = 0; i < polled.size(); ++i)
      if (polled[i].revents != 0)
        clients_[i]->on_ready(polled[i].revents);
  }

  storm_options options_;
  std::mt19937_64 random_;
  node_process relay1_;
  node_process app1_;
  node_process app2_;
  ledger book_;
  caf::actor mover_;
  std::vector<std::unique_ptr<client>> clients_;
  std::vector<client_record> records_; // of those that are gone
  std::uint64_t serials_ = 0;
  std::size_t moves_ = 0;
  std::size_t messages_ = 0;
  std::vector<std::size_t> kill_at_; // counts of transfers
  std::map<std::string, std::vector<steady::time_point>> kills_;
  std::size_t freezes_ = options_.freezes;
  bool frozen_ = false;
  steady::time_point restart_at_{};
  steady::time_point started_{};
  std::vector<std::string> violations_;
};

} // namespace

} // namespace wsrelay::cluster_storm

int main(int argc, char** argv) {
  using namespace wsrelay::cluster_storm;
  auto options = parse_options(argc, argv);
  fmt::print("cluster storm: seed={} transfers={} connections={} kills={}\n",
             options.seed, options.transfers, options.connections,
             options.kills);
  std::fflush(stdout);
  return storm{options}.run();
}
