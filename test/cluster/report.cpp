// Printing.
#include "test/cluster/report.hpp"

#include "actors/directory.hpp"
#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "actors/pid_text.hpp"

#include <cstdio>
#include <mutex>

namespace wsrelay::cluster_probe {

void print_line(const std::string& line) {
  static std::mutex mutex;
  std::lock_guard guard{mutex};
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string pid_of(const caf::actor& who) {
  return who ? pid_text(who.id(), who.node()) : "none";
}

std::string describe_end(const caf::error& reason) {
  if (!reason)
    return "normal";
  if (auto info = to_close_info(reason))
    return fmt::format("{} {} {}", to_text(info->reason), info->code,
                       info->text);
  return to_text(reason);
}

} // namespace wsrelay::cluster_probe
