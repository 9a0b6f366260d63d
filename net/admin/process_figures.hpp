// The process as its kernel sees it.
#pragma once

#include <cstdint>

namespace wsrelay {

/// 0 is what the kernel does not tell.
struct process_figures {
  double cpu_seconds = 0;
  double start_time = 0; // seconds since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t max_descriptors = 0;
};

/// Reads /proc/self: proc(5). Any thread.
process_figures read_process_figures();

} // namespace wsrelay
