// Trying it out: limits stand in many places (rlimits, cgroups, memory).
#include "tools/process/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace wsrelay {

namespace {

// Of a loop: its poller twice, Asio's poller, timer and wake-up.
constexpr std::size_t descriptors_per_loop = 6;

// The loop of the nodes, the log, files and names that are looked up, and the
// first clients.
constexpr std::size_t other_descriptors = 16;

// CAF's scheduler, with at least four workers, and its clock; CAF's middleman;
// the log; the one that looks up names; two to spare.
constexpr std::size_t min_workers = 4;
constexpr std::size_t other_threads = 6;

// The sampler, and those that ask for others.
constexpr std::size_t threads_per_admin = 3;

std::size_t cores() {
  return std::max(1u, std::thread::hardware_concurrency());
}

// Descriptors that are held for a moment.
class held_descriptors {
public:
  ~held_descriptors() {
    for (int fd : held_)
      ::close(fd);
  }

  // Returns 0 or why there is not one more.
  int take(std::size_t count) {
    held_.reserve(count);
    while (held_.size() < count) {
      auto fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (fd < 0)
        return errno;
      held_.push_back(fd);
    }
    return 0;
  }

  std::size_t size() const noexcept { return held_.size(); }

private:
  std::vector<int> held_;
};

// Threads that wait for the end.
class held_threads {
public:
  ~held_threads() {
    {
      std::lock_guard guard{mutex_};
      ending_ = true;
      changed_.notify_all();
    }
    for (auto& thread : held_)
      thread.join();
  }

  void take(std::size_t count) {
    held_.reserve(count);
    while (held_.size() < count)
      held_.emplace_back([this] { wait(); });
  }

  std::size_t size() const noexcept { return held_.size(); }

private:
  void wait() {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [this] { return ending_; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::vector<std::thread> held_;
};

checked check_descriptors(std::size_t count) {
  held_descriptors held;
  if (auto error = held.take(count))
    return failure{fmt::format("{} more descriptors are needed, there are {}: "
                               "{} (ulimit -n)",
                               count, held.size(), std::strerror(error))};
  return passed();
}

checked check_threads(std::size_t count) {
  held_threads held;
  try {
    held.take(count);
  } catch (const std::system_error& error) {
    return failure{fmt::format("{} threads are needed, only {} can be started: "
                               "{} (ulimit -u, memory)",
                               count, held.size(), error.code().message())};
  }
  return passed();
}

} // namespace

resource_needs needs_of(const relay_config& config) {
  // That of the nodes is always there; admin.service has one.
  auto loops = 1 + config.admins.size();
  for (auto& service : config.services)
    loops += service.threads > 0 ? service.threads : cores();
  auto sockets = config.services.size() + config.clusters.size()
                 + config.admins.size() + 1; // the operator's
  return {loops * descriptors_per_loop + sockets + other_descriptors,
          loops + std::max(min_workers, cores()) + other_threads
              + threads_per_admin * config.admins.size()};
}

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

checked check_resources(const resource_needs& needs) {
  if (auto enough = check_descriptors(needs.descriptors); !enough)
    return enough;
  return check_threads(needs.threads);
}

} // namespace wsrelay
