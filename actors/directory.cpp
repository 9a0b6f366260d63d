// The directory actor.
#include "actors/directory.hpp"

#include "actors/answer.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"

#include <caf/all.hpp>

namespace wsrelay {

caf::result<void> directory_state::put(const std::string& name,
                                       const caf::actor& who) {
  if (auto checked = check_name(name); !checked)
    return make_error(errc::invalid_message, checked.error().what);
  if (!who || !is_alive(who))
    return make_error(errc::no_such_target, "the actor has ended");
  if (auto* holder = names.find(name)) {
    if (*holder == who)
      return caf::unit;
    if (is_alive(*holder))
      return make_error(errc::name_taken, name);
    names.remove(name); // who has ended has none, also before this is told
  }
  if (!names.has(who))
    self->monitor(who);
  names.add(name, who);
  return caf::unit;
}

caf::result<void> directory_state::offer(const std::string& name,
                                         const caf::actor& who) {
  auto result = put(name, who);
  if (result.flag == caf::rt_error)
    return result;
  offers.add(name, who);
  for (auto& peer : peers.list())
    offer_to(peer, name, who);
  return result;
}

void directory_state::offer_to(const peer_hello& peer, const std::string& name,
                               const caf::actor& who) {
  self->request(peer.directory, peer_patience, directory_put{name, who})
      .then([] {},
            [peer = peer.name, name](caf::error& error) {
              log().warn("offer refused: peer={} name={} reason={}", peer, name,
                         to_text(error));
            });
}

void directory_state::erase(const directory_erase& message) {
  auto* holder = names.find(message.name);
  if (!holder || (message.who && *holder != message.who))
    return;
  auto who = *holder;
  names.remove(message.name);
  if (offers.remove(message.name))
    for (auto& peer : peers.list())
      self->send(peer.directory, directory_erase{message.name, who});
  // CAF 0.17.6 drops all monitors of an actor at once, also of its other names.
  if (!names.has(who))
    self->demonitor(who);
}

caf::result<caf::message> directory_state::get(const std::string& target) {
  auto parsed = parse_target(target);
  if (!parsed)
    return make_error(errc::no_such_target, parsed.error().what);
  // The node is compared as text: a system without CAF's middleman has no node
  // id, and its PIDs read "12@invalid-node".
  auto is_here = parsed->kind == target_name::form::name
                 || parsed->node == to_string(self->home_system().node())
                 || (!node_name.empty() && parsed->node == node_name);
  if (is_here)
    return find_here(*parsed);
  auto* peer = peers.find_node(parsed->node);
  if (!peer)
    return make_error(errc::no_such_peer, "no such peer");
  // A PID is asked for as it stands, a name without the node's.
  return ask(*peer,
             parsed->kind == target_name::form::pid ? target : parsed->name);
}

caf::result<caf::message>
directory_state::find_here(const target_name& target) const {
  auto is_name = target.kind == target_name::form::name
                 || (!node_name.empty() && target.node == node_name);
  auto found = is_name ? find_name(target.name)
               : target.kind == target_name::form::pid
                   ? find_pid(target.id)
                   : find_pid(parse_decimal(target.name).value_or(0));
  if (found.flag == caf::rt_error)
    return std::move(found.err);
  return std::move(found.value);
}

caf::result<caf::message> directory_state::ask(const caf::actor& peer,
                                               const std::string& target) {
  auto promise = promise_to_requester(self);
  if (!promise)
    return caf::message{};
  auto settle = [this, number = questions.add(peer, *promise)](auto what) {
    questions.settle(number, std::move(what));
  };
  self->request(peer, peer_patience, directory_get{target})
      .then([settle](caf::actor& found) { settle(found); },
            [settle](caf::error& error) {
              auto silent = error.category() == caf::atom("system");
              settle(silent ? make_error(errc::no_such_peer,
                                         "the peer does not answer")
                            : std::move(error));
            });
  return *promise;
}

caf::result<caf::actor>
directory_state::find_name(const std::string& name) const {
  auto* holder = names.find(name);
  if (!holder || !is_alive(*holder))
    return make_error(errc::no_such_target, "no such target");
  return *holder;
}

caf::result<caf::actor> directory_state::find_pid(caf::actor_id id) const {
  auto& registry = self->home_system().registry();
  auto who = caf::actor_cast<caf::actor>(registry.get(id));
  if (!who || !is_alive(who))
    return make_error(errc::no_such_target, "no such target");
  return who;
}

// The newest wins: a node that was started again is known by a new id.
caf::result<peer_hello> directory_state::hello(const peer_hello& message) {
  if (auto checked = check_name(message.name); !checked)
    return make_error(errc::invalid_message, checked.error().what);
  if (node_name.empty() || message.name == node_name || !message.directory)
    return make_error(errc::invalid_message, "no name that another node has");
  auto* known = peers.find(message.name);
  if (known && *known == message.directory)
    return peer_hello{node_name, self};
  if (known)
    replace(*known);
  peers.add(message);
  self->monitor(message.directory);
  log().info("peer connected: name={} node={}", message.name,
             to_string(message.directory.node()));
  for (auto& [name, who] : offers.list())
    offer_to(message, name, who);
  return peer_hello{node_name, self};
}

// Its node may not be lost yet. What it has left here is in the way of what it
// brings now: its new actors may have the same names.
void directory_state::replace(const caf::actor& known) {
  self->demonitor(known);
  questions.fail(known.address());
  if (known.node() != self->node())
    names.remove_node(known.node());
}

void directory_state::on_down(const caf::actor_addr& who) {
  names.remove_actor(who);
  offers.remove_actor(who);
  questions.fail(who);
  if (auto name = peers.remove(who))
    log().warn("peer lost: name={}", *name);
}

caf::behavior directory(directory_actor* self, std::string node_name) {
  self->state.node_name = std::move(node_name);
  self->set_default_handler(drop_unexpected);
  self->set_down_handler(
      [self](caf::down_msg& message) { self->state.on_down(message.source); });
  return {
      [self](const directory_put& message) {
        return answer(self, self->state.put(message.name, message.who));
      },
      [self](const directory_offer& message) {
        return answer(self, self->state.offer(message.name, message.who));
      },
      [self](const directory_erase& message) { self->state.erase(message); },
      [self](const directory_get& message) {
        return answer(self, self->state.get(message.target));
      },
      [self](directory_list) { return self->state.names.list(); },
      [self](const peer_hello& message) {
        return answer(self, self->state.hello(message));
      },
      [self](peer_list) { return self->state.peers.list(); },
  };
}

} // namespace wsrelay
