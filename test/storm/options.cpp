// Options and process figures.
#include "test/storm/options.hpp"

#include "tools/bench/process_stats.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <random>
#include <system_error>

namespace wsrelay::storm {

storm_options parse_options(int argc, char** argv) {
  storm_options result;
  result.seed = std::random_device{}();
  auto seconds = result.duration.count();
  CLI::App app{"Random clients and actors against one relay"};
  app.add_option("--seconds", seconds, "How long")->check(CLI::Range(1, 86400));
  app.add_option("--seed", result.seed, "Repeats the choices of a run");
  app.add_option("--clients", result.clients)->check(CLI::Range(1, 10000));
  app.add_flag("--low-limits", result.low_limits,
               "Several routes with every limit low, and parking");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  result.duration = std::chrono::seconds{seconds};
  return result;
}

std::set<std::string> open_descriptors() {
  namespace fs = std::filesystem;
  std::set<std::string> result;
  for (auto& each : fs::directory_iterator{"/proc/self/fd"}) {
    std::error_code closed_meanwhile;
    auto open = fs::read_symlink(each.path(), closed_meanwhile).string();
    if (!closed_meanwhile && !open.ends_with("/fd")) // the iterator's own
      result.insert(each.path().filename().string() + ' ' + open);
  }
  return result;
}

std::vector<std::string>
descriptors_besides(const std::set<std::string>& before) {
  std::vector<std::string> result;
  std::ranges::set_difference(open_descriptors(), before,
                              std::back_inserter(result));
  return result;
}

std::size_t resident_mib() {
  return bench::resident_bytes(getpid()).value_or(0) / (1024 * 1024);
}

} // namespace wsrelay::storm
