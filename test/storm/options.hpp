// The command line of the storm, and what the kernel says about the process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wsrelay::storm {

struct storm_options {
  std::chrono::seconds duration{60};
  std::uint64_t seed = 0;
  std::size_t clients = 200;
};

/// Reads --seconds, --seed and --clients; without a seed it is random. Ends the
/// program on anything else.
storm_options parse_options(int argc, char** argv);

/// Returns how many descriptors the process has open.
std::size_t open_descriptors();

/// Returns the resident memory in MiB.
std::size_t resident_mib();

} // namespace wsrelay::storm
