// The thread, and whom it asks.
#include "net/admin/sampler.hpp"

#include "net/admin/node_client.hpp"
#include "net/loop/guard.hpp"

#include <pthread.h>

#include <algorithm>

namespace wsrelay {

namespace {

constexpr milliseconds directory_patience{2'000};

constexpr auto samples_per_point =
    static_cast<unsigned>(sampler::point_period / sampler::period);

} // namespace

// Shared with the loops: one may be called when nobody waits any more.
struct sampler::probes {
  using place = std::pair<std::string, std::size_t>;
  using clock = std::chrono::steady_clock;

  void begin(const place& where) {
    std::lock_guard guard{mutex};
    waiting.emplace(where, clock::now()); // one that waits goes on waiting
  }

  void end(const place& where) {
    std::lock_guard guard{mutex};
    auto since = waiting.extract(where);
    if (since)
      lags[where] = clock::now() - since.mapped();
  }

  bool is_waiting(const place& where) {
    std::lock_guard guard{mutex};
    return waiting.count(where) > 0;
  }

  // One that has not been called yet is as late as it has waited.
  std::map<place, std::chrono::nanoseconds> take() {
    std::lock_guard guard{mutex};
    auto result = std::exchange(lags, {});
    for (auto& [where, since] : waiting)
      result[where] = clock::now() - since;
    return result;
  }

  std::mutex mutex;
  std::map<place, clock::time_point> waiting;
  std::map<place, std::chrono::nanoseconds> lags;
};

sampler::sampler(admin_view& view, on_point tell)
    : view_{view},
      tell_{std::move(tell)},
      probes_{std::make_shared<probes>()},
      points_{point_period},
      thread_{[this] {
        pthread_setname_np(pthread_self(), "wsrelay.sampler");
        run();
      }} {}

sampler::~sampler() {
  stop();
}

void sampler::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable())
    thread_.join();
}

std::shared_ptr<const node_sample> sampler::last() const {
  std::lock_guard guard{mutex_};
  return last_;
}

std::vector<history_point> sampler::history() const {
  std::lock_guard guard{mutex_};
  return points_.all();
}

void sampler::run() {
  unsigned count = 0;
  do {
    guarded("sample", [this] { take_sample(); });
    if (++count % samples_per_point == 0)
      guarded("history", [this] {
        auto lags = last()->lags;
        std::chrono::nanoseconds lag{0};
        for (auto& [where, each] : lags)
          lag = std::max(lag, each);
        auto point = writer_.next(view_.services(), lag);
        {
          std::lock_guard guard{mutex_};
          points_.add(point);
        }
        tell_(point);
      });
  } while (wait());
}

bool sampler::wait() {
  std::unique_lock guard{mutex_};
  return !changed_.wait_for(guard, period, [this] { return stopping_; });
}

void sampler::take_sample() {
  auto sample = std::make_shared<node_sample>();
  sample->lags = probes_->take();
  knock(view_.services());
  ask_directory(*sample);
  std::lock_guard guard{mutex_};
  last_ = std::move(sample);
}

void sampler::ask_directory(node_sample& sample) {
  try {
    node_client node{view_.system(), view_.directory(), directory_patience};
    sample.peers = node.peer_details();
    sample.names = node.ask<std::uint64_t>(node.directory(),
                                           directory_count_get{}, "the node");
    sample.directory_answers = true;
  } catch (const command_error&) {
    // It is told as what is not ready.
  }
}

void sampler::knock(const std::vector<service_view>& services) {
  for (auto& each : services)
    for (std::size_t i = 0; i < each.loops.size(); ++i) {
      probes::place where{each.shared->settings.name, i};
      if (probes_->is_waiting(where))
        continue;
      probes_->begin(where);
      each.loops[i]->post([all = probes_, where] { all->end(where); });
    }
}

} // namespace wsrelay
