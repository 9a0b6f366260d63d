// Names by PID.
#include "tools/wsrelay/target_names.hpp"

#include "actors/directory.hpp"
#include "actors/pid_text.hpp"
#include "protocol/pid.hpp"

namespace wsrelay::cli {

target_names::target_names(const std::vector<directory_entry>& entries) {
  for (auto& entry : entries)
    add(entry, entry.name);
}

// A name of an actor elsewhere leads to whoever has it at that node.
void target_names::add_peer(const peer_hello& peer,
                            const std::vector<directory_entry>& entries) {
  target_names theirs{{}};
  for (auto& entry : entries)
    if (entry.who && entry.who.node() == peer.directory.node())
      theirs.add(entry, entry.name + "@" + peer.name);
  by_pid_.merge(theirs.by_pid_);
}

void target_names::add(const directory_entry& entry, const std::string& name) {
  if (!entry.who || name.starts_with(reserved_prefix))
    return;
  auto pid = pid_text(entry.who.id(), entry.who.node());
  auto [known, is_new] = by_pid_.emplace(pid, name);
  if (!is_new && name < known->second)
    known->second = name;
}

const std::string& target_names::shown(const std::string& pid) const {
  auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? pid : found->second;
}

} // namespace wsrelay::cli
