// What the kernel says about a process: CPU time and resident memory; and the
// clock of all measurements.
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace wsrelay::bench {

/// Returns CLOCK_MONOTONIC in nanoseconds.
std::uint64_t now_ns() noexcept;

/// Returns the CPU time, user and system, of all threads of `pid` (0 = this
/// process) in nanoseconds. Nothing when there is no such process.
std::optional<std::uint64_t> cpu_ns(pid_t pid) noexcept;

/// Returns the resident memory of `pid` in bytes. Nothing when it cannot be
/// read.
std::optional<std::uint64_t> resident_bytes(pid_t pid);

/// Returns how many pages the kernel had to find for `pid` so far. Nothing when
/// it cannot be read.
std::optional<std::uint64_t> page_faults(pid_t pid);

/// What a process, and we, have used up to a moment.
struct usage {
  std::uint64_t time = 0;
  std::uint64_t own_cpu = 0;
  std::optional<std::uint64_t> server_cpu;
  std::optional<std::uint64_t> server_faults;
  std::optional<std::uint64_t> server_memory;
};

/// Returns the usage up to now. `server` 0: without a server.
usage take_usage(pid_t server);

/// Raises the limit of open descriptors to the hard limit and returns it.
std::uint64_t raise_descriptor_limit() noexcept;

} // namespace wsrelay::bench
