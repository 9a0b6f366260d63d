// One run: opens the connections, warms up, measures, drains, closes. One
// thread, one epoll; blocks only there.
#pragma once

#include "tools/bench/connection.hpp"
#include "tools/bench/options.hpp"
#include "tools/bench/process_stats.hpp"
#include "tools/bench/tally.hpp"
#include "tools/bench/workload.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace wsrelay::bench {

/// What a run found. Times in nanoseconds, memory in bytes.
struct outcome {
  tally counts;
  std::uint64_t opening_time = 0;
  std::uint64_t measured_time = 0;
  std::uint64_t own_cpu = 0;
  /// While measuring; nothing without a server pid.
  std::optional<std::uint64_t> server_cpu;
  std::optional<std::uint64_t> server_faults; // pages
  /// Before the first connection, and at the end of measuring.
  std::optional<std::uint64_t> server_memory_before;
  std::optional<std::uint64_t> server_memory_after;
  /// Connections at the end of measuring.
  std::uint64_t held = 0;
};

class engine final : public connection_owner {
public:
  /// @throws std::system_error when the kernel refuses epoll or signalfd
  engine(const options& opts, const sockaddr_storage& address,
         socklen_t address_size);
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  ~engine() override;

  /// Runs once, until done or interrupted by SIGINT or SIGTERM: the first one
  /// ends the measurement, the second one the run.
  outcome run();

  void on_opened(connection& which) override;
  void on_ended(connection& which, const ending& how) override;

private:
  enum class stage { opening, warmup, measuring, draining, closing, done };

  void watch_signals();
  void wait();
  void on_signal();
  std::uint64_t next_wakeup() const;
  void open_more();
  std::uint64_t next_open() const;
  bool is_all_settled() const;
  void advance();
  void begin_traffic();
  void begin_measuring();
  void end_measuring();
  void begin_closing();
  bool is_measured() const;
  bool is_stuck();
  void every_second();
  void show_progress();
  void enter(stage next, std::uint64_t longest);

  const options& opts_;
  outcome out_;
  connection_env io_;
  std::deque<connection> connections_;
  std::unique_ptr<workload> work_;
  stage stage_ = stage::opening;
  int signals_ = -1;
  usage before_; // at the beginning of measuring
  std::uint64_t began_ = 0;
  std::uint64_t stage_end_ = never;
  std::uint64_t next_second_ = 0;
  // Connections begun by open_more, and whether each was ever open or failed.
  std::uint64_t begun_ = 0;
  std::uint64_t settled_ = 0;
  std::vector<bool> is_settled_;
  std::uint64_t alive_ = 0;
  std::uint64_t progress_ = 0;
  std::uint64_t progress_at_ = 0;
  std::uint64_t shown_ = 0;
};

} // namespace wsrelay::bench
