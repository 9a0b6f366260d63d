// The command line of the storm, and what the kernel says about the process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace wsrelay::storm {

struct storm_options {
  std::chrono::seconds duration{60};
  std::uint64_t seed = 0;
  std::size_t clients = 200;
  bool low_limits = false;
};

/// Reads --seconds, --seed, --clients and --low-limits; without a seed it is
/// random. Ends the program on anything else.
storm_options parse_options(int argc, char** argv);

/// Returns the descriptors that the process has open, each as its number and
/// what it stands for, such as "7 socket:[4711]": what is opened later differs
/// even where a number is used again.
std::set<std::string> open_descriptors();

/// Returns those that are not among `before`.
std::vector<std::string>
descriptors_besides(const std::set<std::string>& before);

/// Returns the resident memory in MiB.
std::size_t resident_mib();

} // namespace wsrelay::storm
