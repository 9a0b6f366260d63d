// Names by PID.
#include "net/admin/target_names.hpp"

#include "actors/directory.hpp"
#include "protocol/pid.hpp"

namespace wsrelay {

target_names::target_names(const std::vector<directory_row>& rows) {
  for (auto& row : rows)
    add(row, row.name);
}

// A name of an actor elsewhere leads to whoever has it at that node.
void target_names::add_peer(const peer_entry& peer,
                            const std::vector<directory_row>& rows) {
  target_names theirs{{}};
  auto at_peer = "@" + to_string(peer.directory.node());
  for (auto& row : rows)
    if (row.pid.ends_with(at_peer))
      theirs.add(row, row.name + "@" + peer.name);
  by_pid_.merge(theirs.by_pid_);
}

void target_names::add(const directory_row& row, const std::string& name) {
  if (name.starts_with(reserved_prefix))
    return;
  auto [known, is_new] = by_pid_.emplace(row.pid, name);
  if (!is_new && name < known->second)
    known->second = name;
}

const std::string& target_names::shown(const std::string& pid) const {
  auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? pid : found->second;
}

} // namespace wsrelay
