// The directory actor.
#include "actors/directory.hpp"

#include "actors/answer.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

caf::result<void> directory_state::put(const std::string& name,
                                       const caf::actor& who) {
  if (auto checked = check_name(name); !checked)
    return make_error(errc::invalid_message, checked.error().what);
  if (!who || !is_alive(who))
    return make_error(errc::no_such_target, "the actor has ended");
  auto& holder = entries[name];
  if (holder == who)
    return caf::unit;
  // Who has ended has no name, also before this is told.
  if (holder && is_alive(holder))
    return make_error(errc::name_taken, name);
  holder = who;
  self->monitor(who);
  return caf::unit;
}

caf::result<void> directory_state::offer(const std::string& name,
                                         const caf::actor& who) {
  auto result = put(name, who);
  if (result.flag == caf::rt_error)
    return result;
  offers[name] = who;
  for (auto& [peer, remote] : peers)
    offer_to({peer, remote}, name, who);
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
  auto entry = entries.find(message.name);
  if (entry == entries.end() || (message.who && entry->second != message.who))
    return;
  auto who = std::move(entry->second);
  entries.erase(entry);
  if (offers.erase(message.name) > 0)
    for (auto& [peer, remote] : peers)
      self->send(remote, directory_erase{message.name, who});
  // CAF 0.17.6 drops all monitors of an actor at once, also of its other names.
  auto has_name = [&](auto& other) { return other.second == who; };
  if (std::none_of(entries.begin(), entries.end(), has_name))
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
  auto* peer = find_peer(*parsed);
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

const caf::actor* directory_state::find_peer(const target_name& target) const {
  for (auto& [name, peer] : peers)
    if (target.node == name || target.node == to_string(peer.node()))
      return &peer;
  return nullptr;
}

caf::result<caf::message> directory_state::ask(const caf::actor& peer,
                                               const std::string& target) {
  auto promise = promise_to_requester(self);
  if (!promise)
    return caf::message{};
  auto id = ++last_question;
  questions[id] = {peer.address(), *promise};
  auto settle = [this, id](auto what) {
    if (auto found = questions.extract(id))
      found.mapped().promise.deliver(std::move(what));
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
  auto entry = entries.find(name);
  if (entry == entries.end() || !is_alive(entry->second))
    return make_error(errc::no_such_target, "no such target");
  return entry->second;
}

caf::result<caf::actor> directory_state::find_pid(caf::actor_id id) const {
  auto& registry = self->home_system().registry();
  auto who = caf::actor_cast<caf::actor>(registry.get(id));
  if (!who || !is_alive(who))
    return make_error(errc::no_such_target, "no such target");
  return who;
}

std::vector<directory_entry> directory_state::list() const {
  std::vector<directory_entry> result;
  result.reserve(entries.size());
  for (auto& [name, who] : entries)
    result.push_back({name, who});
  return result;
}

// The newest wins: a node that was started again is known by a new id.
caf::result<peer_hello> directory_state::hello(const peer_hello& message) {
  if (auto checked = check_name(message.name); !checked)
    return make_error(errc::invalid_message, checked.error().what);
  if (node_name.empty() || message.name == node_name || !message.directory)
    return make_error(errc::invalid_message, "no name that another node has");
  auto& known = peers[message.name];
  if (known == message.directory)
    return peer_hello{node_name, self};
  if (known) {
    self->demonitor(known);
    fail_questions(known.address());
    drop_node(known.node());
  }
  known = message.directory;
  self->monitor(known);
  log().info("peer connected: name={} node={}", message.name,
             to_string(known.node()));
  for (auto& [name, who] : offers)
    offer_to(message, name, who);
  return peer_hello{node_name, self};
}

std::vector<peer_hello> directory_state::list_peers() const {
  std::vector<peer_hello> result;
  for (auto& [name, peer] : peers)
    result.push_back({name, peer});
  return result;
}

// Also when its node is not lost yet, but came again under a new id.
void directory_state::fail_questions(const caf::actor_addr& peer) {
  for (auto entry = questions.begin(); entry != questions.end();) {
    auto here = entry++;
    if (here->second.peer != peer)
      continue;
    here->second.promise.deliver(
        make_error(errc::no_such_peer, "the peer is lost"));
    questions.erase(here);
  }
}

void directory_state::drop_peer(const caf::actor_addr& who) {
  fail_questions(who);
  std::erase_if(peers, [&](auto& entry) {
    if (entry.second != who)
      return false;
    log().warn("peer lost: name={}", entry.first);
    return true;
  });
}

void directory_state::drop(const caf::actor_addr& who) {
  auto is_gone = [&](auto& entry) { return entry.second == who; };
  std::erase_if(entries, is_gone);
  std::erase_if(offers, is_gone);
}

// What a node has left here that was started again: its new actors may have
// the same names.
void directory_state::drop_node(const caf::node_id& node) {
  if (node != self->node())
    std::erase_if(entries,
                  [&](auto& entry) { return entry.second.node() == node; });
}

caf::behavior directory(directory_actor* self, std::string node_name) {
  self->state.node_name = std::move(node_name);
  self->set_default_handler(drop_unexpected);
  self->set_down_handler([self](caf::down_msg& message) {
    self->state.drop(message.source);
    self->state.drop_peer(message.source);
  });
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
      [self](directory_list) { return self->state.list(); },
      [self](const peer_hello& message) {
        return answer(self, self->state.hello(message));
      },
      [self](peer_list) { return self->state.list_peers(); },
  };
}

} // namespace wsrelay
