// Who is connected, and who waits for them.
#include "actors/peer_table.hpp"

#include "actors/error.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

const caf::actor* peer_table::find(const std::string& name) const {
  auto entry = peers_.find(name);
  return entry == peers_.end() ? nullptr : &entry->second.back().directory;
}

const caf::actor* peer_table::find_node(const std::string& name_or_id) const {
  if (auto* found = find(name_or_id))
    return found;
  for (auto& [name, same_name] : peers_)
    for (auto& peer : same_name)
      if (peer.id == name_or_id)
        return &peer.directory;
  return nullptr;
}

bool peer_table::has(const caf::actor_addr& directory) const {
  return known_.count(directory) > 0;
}

// Most who are asked for are none.
const caf::actor*
peer_table::find_directory(const caf::actor_addr& directory) const {
  if (has(directory))
    for (auto& [name, same_name] : peers_)
      for (auto& peer : same_name)
        if (peer.directory == directory)
          return &peer.directory;
  return nullptr;
}

bool peer_table::add(const peer_hello& hello) {
  if (known_.size() >= max_peers)
    return false;
  known_.insert(hello.directory.address());
  peers_[hello.name].push_back(
      {hello.directory, to_string(hello.directory.node()), hello.version});
  return true;
}

std::optional<peer_table::removed>
peer_table::remove(const caf::actor_addr& directory) {
  if (known_.erase(directory) == 0)
    return std::nullopt;
  for (auto entry = peers_.begin(); entry != peers_.end(); ++entry) {
    auto& [name, same_name] = *entry;
    auto gone =
        std::find_if(same_name.begin(), same_name.end(),
                     [&](auto& peer) { return peer.directory == directory; });
    if (gone == same_name.end())
      continue;
    removed result{name, gone->directory, {}};
    auto was_meant = gone + 1 == same_name.end();
    same_name.erase(gone);
    if (same_name.empty())
      peers_.erase(entry);
    else if (was_meant)
      result.next = same_name.back().directory;
    return result;
  }
  return std::nullopt;
}

std::vector<peer_entry> peer_table::list() const {
  std::vector<peer_entry> result;
  for (auto& [name, same_name] : peers_)
    result.push_back({name, same_name.back().directory});
  return result;
}

std::vector<peer_hello> peer_table::list_all() const {
  std::vector<peer_hello> result;
  for (auto& [name, same_name] : peers_)
    for (auto& peer : same_name)
      result.push_back({name, peer.directory, peer.version});
  return result;
}

std::vector<peer_info> peer_table::list_details() const {
  std::vector<peer_info> result;
  for (auto& [name, same_name] : peers_)
    for (auto& peer : same_name)
      result.push_back({name, peer.id, peer.version});
  return result;
}

std::uint64_t peer_questions::add(const caf::actor& directory,
                                  caf::response_promise asker) {
  open_[++last_] = {directory.address(), std::move(asker)};
  return last_;
}

void peer_questions::fail(const caf::actor_addr& directory) {
  for (auto entry = open_.begin(); entry != open_.end();) {
    auto here = entry++;
    if (here->second.directory != directory)
      continue;
    here->second.asker.deliver(
        make_error(errc::no_such_peer, "the peer is lost"));
    open_.erase(here);
  }
}

} // namespace wsrelay
