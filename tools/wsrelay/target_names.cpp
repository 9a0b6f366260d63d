// Names by PID.
#include "tools/wsrelay/target_names.hpp"

#include "actors/directory.hpp"
#include "actors/pid_text.hpp"
#include "protocol/pid.hpp"

namespace wsrelay::cli {

target_names::target_names(const std::vector<directory_entry>& entries) {
  for (auto& [name, who] : entries) {
    if (!who || name.starts_with(reserved_prefix))
      continue;
    auto [known, is_new] =
        by_pid_.emplace(pid_text(who.id(), who.node()), name);
    if (!is_new && name < known->second)
      known->second = name;
  }
}

const std::string& target_names::shown(const std::string& pid) const {
  auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? pid : found->second;
}

} // namespace wsrelay::cli
