// PIDs as text.
#include "actors/pid_text.hpp"

#include <caf/all.hpp>

namespace wsrelay {

std::string pid_text(caf::actor_id id, const caf::node_id& node) {
  struct cached_node {
    caf::node_id id;
    std::string text;
  };
  thread_local cached_node last;
  if (last.text.empty() || last.id != node)
    last = {node, "@" + to_string(node)};
  return std::to_string(id) + last.text;
}

std::string publish_pid(const caf::actor& who) {
  auto ptr = caf::actor_cast<caf::strong_actor_ptr>(who);
  who.home_system().registry().put(who.id(), ptr);
  return pid_text(who.id(), who.node());
}

} // namespace wsrelay
