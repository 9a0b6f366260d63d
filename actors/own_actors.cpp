// Their types, which nobody derives from.
#include "actors/own_actors.hpp"

#include "actors/acceptor.hpp"
#include "actors/awaited_connection.hpp"
#include "actors/backend_session.hpp"
#include "actors/connection.hpp"
#include "actors/directory.hpp"
#include "actors/groups.hpp"
#include "actors/peer.hpp"

#include <typeinfo>

namespace wsrelay {

bool is_own_actor(const caf::abstract_actor& who) noexcept {
  auto& type = typeid(who);
  return type == typeid(acceptor_actor) || type == typeid(directory_actor)
         || type == typeid(peer_actor) || type == typeid(groups_actor)
         || type == typeid(backend_session_actor);
}

bool is_connection(const caf::abstract_actor& who) noexcept {
  return typeid(who) == typeid(connection_actor) || is_awaited(who);
}

} // namespace wsrelay
