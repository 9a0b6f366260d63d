#include "tools/bench/process_stats.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

namespace wsrelay::bench {

namespace {

std::uint64_t read_clock(clockid_t clock) noexcept {
  timespec value{};
  clock_gettime(clock, &value);
  return static_cast<std::uint64_t>(value.tv_sec) * 1'000'000'000
         + static_cast<std::uint64_t>(value.tv_nsec);
}

} // namespace

std::uint64_t now_ns() noexcept {
  return read_clock(CLOCK_MONOTONIC);
}

// The process's CPU clock is the sum behind utime and stime of /proc/PID/stat,
// in nanoseconds in place of ticks of 10 ms.
std::optional<std::uint64_t> cpu_ns(pid_t pid) noexcept {
  clockid_t clock{};
  if (clock_getcpuclockid(pid, &clock) != 0)
    return std::nullopt;
  return read_clock(clock);
}

// smaps_rollup counts pages; statm, the way out where smaps_rollup may not be
// read, adds counters that lag by up to 64 pages per thread.
std::optional<std::uint64_t> resident_bytes(pid_t pid) {
  std::ifstream rollup{fmt::format("/proc/{}/smaps_rollup", pid)};
  for (std::string word; rollup >> word;) {
    std::uint64_t kib = 0;
    if (word == "Rss:" && rollup >> kib)
      return kib * 1024;
  }
  std::ifstream statm{fmt::format("/proc/{}/statm", pid)};
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (statm >> total >> resident)
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return std::nullopt;
}

// The tenth field of /proc/PID/stat; a program's name, the second one, ends
// with the last parenthesis.
std::optional<std::uint64_t> page_faults(pid_t pid) {
  constexpr int fields_between = 7;
  std::ifstream stat{fmt::format("/proc/{}/stat", pid)};
  std::string line;
  std::getline(stat, line);
  std::istringstream rest{line.substr(line.rfind(')') + 1)};
  std::string skipped;
  for (int i = 0; i < fields_between; ++i)
    rest >> skipped;
  std::uint64_t count = 0;
  return rest >> count ? std::optional{count} : std::nullopt;
}

usage take_usage(pid_t server) {
  usage out{now_ns(), *cpu_ns(0), {}, {}, {}};
  if (server == 0)
    return out;
  out.server_cpu = cpu_ns(server);
  out.server_faults = page_faults(server);
  out.server_memory = resident_bytes(server);
  return out;
}

std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

} // namespace wsrelay::bench
