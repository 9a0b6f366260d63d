// Their types, which nobody derives from.
#include "actors/own_actors.hpp"

#include "actors/acceptor.hpp"
#include "actors/directory.hpp"
#include "actors/peer.hpp"

#include <typeinfo>

namespace wsrelay {

bool is_own_actor(const caf::abstract_actor& who) noexcept {
  auto& type = typeid(who);
  return type == typeid(acceptor_actor) || type == typeid(directory_actor)
         || type == typeid(peer_actor);
}

} // namespace wsrelay
