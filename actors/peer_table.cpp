// Who is connected, and who waits for them.
#include "actors/peer_table.hpp"

#include "actors/error.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

const caf::actor* peer_table::find(const std::string& name) const {
  auto entry = peers_.find(name);
  return entry == peers_.end() ? nullptr : &entry->second.directory;
}

const caf::actor* peer_table::find_node(const std::string& name_or_id) const {
  if (auto* found = find(name_or_id))
    return found;
  for (auto& [name, peer] : peers_)
    if (peer.id == name_or_id)
      return &peer.directory;
  return nullptr;
}

void peer_table::add(const peer_hello& hello) {
  peers_[hello.name] = {hello.directory, to_string(hello.directory.node())};
}

std::optional<std::string>
peer_table::remove(const caf::actor_addr& directory) {
  auto entry = std::find_if(peers_.begin(), peers_.end(), [&](auto& each) {
    return each.second.directory == directory;
  });
  if (entry == peers_.end())
    return std::nullopt;
  return peers_.extract(entry).key();
}

std::vector<peer_hello> peer_table::list() const {
  std::vector<peer_hello> result;
  for (auto& [name, peer] : peers_)
    result.push_back({name, peer.directory});
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
