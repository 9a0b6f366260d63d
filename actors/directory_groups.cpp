// The directory's groups: an actor of their own, since one message to a group
// may be very many.
#include "actors/caf_compat.hpp"
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/groups.hpp"

#include <caf/all.hpp>

#include <utility>

namespace wsrelay {

caf::actor directory_state::groups_here() {
  if (!groups) {
    groups = self->spawn<caf::hidden>(wsrelay::groups, caf::actor{self});
    for (auto& peer : peers.list_all())
      tell_groups(peer);
  }
  return groups;
}

void directory_state::tell_groups(const peer_hello& peer) {
  if (has(version, feature_groups) && has(peer.version, feature_groups))
    self->send(groups, group_peer{peer.directory});
}

// As it came: who is in which group is no affair of the directory.
caf::result<caf::message> directory_state::pass_to_groups(caf::message what) {
  enqueue_to(groups_here(), self->current_sender(), self->current_message_id(),
             std::move(what), self->context());
  return caf::delegated<caf::message>{};
}

// What a connection is in says its own node.
caf::result<caf::message>
directory_state::change_groups(const group_change& what) {
  if (is_from_outside())
    return make_error(errc::invalid_message, "no connection of this node");
  return pass_to_groups(caf::make_message(what));
}

} // namespace wsrelay
