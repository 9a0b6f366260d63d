// The directory actor.
#include "actors/directory.hpp"

#include "actors/absent_peers.hpp"
#include "actors/answer.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "actors/order_line.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"

#include <caf/all.hpp>

#include <memory>

namespace wsrelay {

namespace {

caf::error check_put(const std::string& name, const caf::actor& who) {
  if (auto checked = check_name(name); !checked)
    return make_error(errc::invalid_message, checked.error().what);
  if (name.starts_with(reserved_prefix))
    return make_error(errc::invalid_message,
                      "names that begin with wsrelay. are the relay's own");
  if (!who || !is_alive(who))
    return make_error(errc::no_such_target, "the actor has ended");
  return caf::none;
}

// Puts those that may have their names; where each stands tells `put`.
template <class Put>
directory_puts_answer put_each(const std::vector<directory_entry>& entries,
                               Put put) {
  directory_puts_answer result;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    auto& [name, who] = entries[i];
    auto where = check_put(name, who) ? place::refused : put(name, who);
    if (where == place::waiting)
      result.waiting.push_back(i);
    else if (where == place::refused)
      result.refused.push_back(i);
  }
  return result;
}

// Why another node's directory is not there any more, in words.
std::string loss_text(const caf::error& reason) {
  if (reason == caf::exit_reason::remote_link_unreachable)
    return "the connection to it has ended";
  return "its directory has ended: " + to_text(reason);
}

// A handler of what is for the groups.
template <class Message>
auto pass(directory_actor* self) {
  return [self](const Message& message) {
    return self->state.pass_to_groups(caf::make_message(message));
  };
}

// What became of a question to another directory.
caf::error error_of_peer(caf::error& error) {
  if (error == caf::sec::request_timeout)
    return make_error(errc::peer_silent, "the peer does not answer in time");
  if (error.category() == system_category)
    return make_error(errc::no_such_peer, "the peer does not answer");
  return std::move(error);
}

} // namespace

// -- names --------------------------------------------------------------------

caf::result<void> directory_state::put(const directory_put& message) {
  if (auto error = check_put(message.name, message.who))
    return error;
  if (is_from_outside())
    return put_from_outside(message);
  auto* holder = names.find(message.name);
  if (holder && holder->who != message.who)
    return make_error(errc::name_taken, message.name);
  add(message.name, message.who);
  return caf::unit;
}

// It has the name when nobody else has it any more. Until then whoever put it
// knows that somebody has.
caf::result<void>
directory_state::put_from_outside(const directory_put& message) {
  if (!may_put(message.who))
    return make_error(errc::invalid_message, "it is no actor of that node");
  switch (add(message.name, message.who, self->current_sender()->node())) {
    case place::first:
      return caf::unit;
    case place::waiting:
      return make_error(errc::name_taken, message.name);
    case place::refused:
      break;
  }
  return make_error(errc::busy, "the node has put too many names");
}

caf::result<directory_puts_answer>
directory_state::put_many(const directory_puts& message) {
  if (!is_from_outside() || message.entries.size() > max_name_batch)
    return make_error(errc::invalid_message, "no batch of another node");
  return put_each(message.entries, [this](auto& name, auto& who) {
    return may_put(who) ? add(name, who, self->current_sender()->node())
                        : place::refused;
  });
}

caf::result<directory_puts_answer>
directory_state::claim(const directory_claims& message) {
  if (is_from_outside())
    return make_error(errc::invalid_message, "no part of this node");
  return put_each(message.entries,
                  [this](auto& name, auto& who) { return add(name, who); });
}

// A name that another node has is waited for, here as there.
caf::result<void>
directory_state::offer(const std::vector<directory_entry>& entries) {
  for (auto& each : entries)
    if (auto error = check_offer(each))
      return error;
  for (auto& [name, who] : entries) {
    if (add(name, who) == place::waiting)
      log(log_part::cluster).info("offer waits: name={}", log_value(name));
    offers.add(name, who);
  }
  for (auto& peer : peers.list_all())
    offer_to(peer, entries);
  return caf::unit;
}

caf::error directory_state::check_offer(const directory_entry& what) const {
  auto& [name, who] = what;
  if (auto error = check_put(name, who))
    return error;
  auto* holder = names.find(name);
  if (holder && holder->who != who && !holder->by)
    return make_error(errc::name_taken, name);
  return caf::none;
}

void directory_state::erase(const directory_erase& message) {
  if (message.name.starts_with(reserved_prefix))
    return;
  if (is_from_outside())
    return erase_from_outside(message);
  auto* holder = offers.find(message.name); // its own, also when that waits
  if (!holder)
    holder = names.find(message.name);
  auto who = message.who || !holder ? message.who : holder->who;
  if (!who)
    return;
  remove(message.name, who);
  if (offers.remove(message.name, who))
    take_back({message.name, who});
}

// Who has put a name may take it back.
void directory_state::erase_from_outside(const directory_erase& message) {
  auto* found = message.who ? names.find(message.name, message.who)
                            : names.find(message.name);
  if (found && found->by == self->current_sender()->node())
    remove(message.name, caf::actor{found->who});
}

caf::result<void> directory_state::erase_many(const directory_erases& message) {
  if (!is_from_outside() || message.entries.size() > max_name_batch)
    return make_error(errc::invalid_message, "no batch of another node");
  for (auto& each : message.entries)
    erase({each.name, each.who});
  return caf::unit;
}

void directory_state::name_own(const directory_own& message) {
  auto* holder = names.find(message.name);
  if (holder && holder->who != message.who)
    remove(message.name, caf::actor{holder->who});
  if (message.who)
    add(message.name, message.who);
}

// An actor of a node that was lost and found again has a new handle, while the
// end of the old one may still have to be told.
place directory_state::add(const std::string& name, const caf::actor& who,
                           const caf::node_id& by) {
  auto is_new = !is_same_object(names.find_actor(who.node(), who.id()), who);
  auto result = names.add(name, who, by);
  if (is_new && result != place::refused)
    self->monitor(who);
  return result;
}

// CAF 0.17.6 drops all monitors of an actor at once, also of its other names.
void directory_state::remove(const std::string& name, const caf::actor& who) {
  if (names.remove(name, who) && !names.has(who) && !peers.has(who.address()))
    self->demonitor(who);
}

// Of who has said hello the end is told, and what it has put goes with it.
bool directory_state::may_put(const caf::actor& who) const {
  auto& sender = self->current_sender();
  return who.node() == sender->node()
         || peers.has(caf::actor_cast<caf::actor_addr>(sender));
}

bool directory_state::is_from_outside() const {
  auto& sender = self->current_sender();
  return sender
         && (sender->node() != self->node()
             || peers.has(caf::actor_cast<caf::actor_addr>(sender)));
}

void directory_state::on_down(const caf::actor_addr& who,
                              const caf::error& reason) {
  names.remove_actor(who);
  offers.remove_actor(who);
  if (auto* peer = peers.find_directory(who);
      peer && is_same_object(*peer, who))
    lose(who, loss_text(reason));
}

// -- look-ups -----------------------------------------------------------------

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
    return make_error(errc::no_such_peer, "its node is not connected");
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
  if (is_error(found))
    return std::move(error_of(found));
  return std::move(value_of(found));
}

caf::result<caf::message> directory_state::ask(const caf::actor& peer,
                                               const std::string& target) {
  auto promise = promise_to_requester(self);
  if (!promise)
    return later<caf::message>(promise);
  auto settle = [this, number = questions.add(peer, *promise)](auto what) {
    questions.settle(number, std::move(what));
  };
  self->request<caf::message_priority::high>(peer, peer_patience,
                                             directory_get{target})
      .then([settle](caf::actor& found) { settle(found); },
            [settle](caf::error& error) { settle(error_of_peer(error)); });
  return later<caf::message>(promise);
}

caf::result<caf::actor>
directory_state::find_name(const std::string& name) const {
  auto* holder = names.find(name);
  if (!holder)
    return make_error(errc::no_such_target, "no such target");
  return holder->who;
}

caf::result<caf::actor> directory_state::find_pid(caf::actor_id id) const {
  auto& registry = self->home_system().registry();
  auto who = caf::actor_cast<caf::actor>(registry.get(id));
  if (!who) // no other node has got a handle of it, but maybe its PID
    who = names.find_actor(self->node(), id);
  if (!who || !is_alive(who))
    return make_error(errc::no_such_target, "no such target");
  return who;
}

caf::behavior directory(directory_actor* self, std::string node_name) {
  self->state.node_name = std::move(node_name);
  auto absences = std::make_shared<absence_list>();
  self->set_default_handler(drop_unexpected);
  // An error sent as a message would end it, whoever has sent it.
  self->set_error_handler([](caf::error&) {});
  self->set_down_handler([self](caf::down_msg& message) {
    self->state.on_down(message.source, message.reason);
  });
  return {
      [self](const directory_put& message) {
        return answer(self, self->state.put(message));
      },
      [self](const directory_offer& message) {
        return answer(self, self->state.offer({{message.name, message.who}}));
      },
      [self](const directory_offers& message) {
        return answer(self, self->state.offer(message.entries));
      },
      [self](const directory_puts& message) {
        return answer(self, self->state.put_many(message));
      },
      [self](const directory_claims& message) {
        return answer(self, self->state.claim(message));
      },
      [self](const directory_erase& message) { self->state.erase(message); },
      [self](const directory_erases& message) {
        return answer(self, self->state.erase_many(message));
      },
      [self](const directory_get& message) {
        return answer(self, self->state.get(message.target));
      },
      [self](directory_list) { return self->state.names.list(); },
      [self](directory_count_get) {
        return std::uint64_t{self->state.names.size()};
      },
      [self](const directory_page_get& message) {
        return self->state.names.page(message.prefix, message.after,
                                      max_page_size);
      },
      [self](const group_change& message) {
        return answer(self, self->state.change_groups(message));
      },
      pass<group_send>(self),
      pass<group_event>(self),
      pass<group_close>(self),
      pass<group_count_get>(self),
      pass<group_news>(self),
      pass<group_relay>(self),
      [self](const peer_hello& message) {
        return answer(self, self->state.hello(message));
      },
      [self](peer_list) { return self->state.peers.list(); },
      [self](peer_details) { return self->state.details(); },
      [self, absences](const peer_absence& message) {
        if (!self->state.is_from_outside())
          absences->note(message, self->clock().now());
      },
      [self, absences](absent_peers_get) {
        return absences->list(self->clock().now());
      },
      [self](const node_refused& message) {
        if (self->state.links && !self->state.is_from_outside())
          self->send(self->state.links, message);
      },
      [self](peer_goodbye) { return answer(self, self->state.on_goodbye()); },
      [self](const node_relieved& message) {
        self->state.tell_acceptors(caf::make_message(message));
      },
      [self](goodbye_told message) { self->state.on_told(message.number); },
      [self](const directory_own& message) { self->state.name_own(message); },
      [self](directory_stop) { return answer(self, self->state.stop()); },
      [self](const peer_step_back& message) {
        return answer(self, self->state.step_back(message));
      },
      [self](const operator_order& message) {
        return answer(self, note_order(self, message));
      },
      [self](const drain_watch& message) {
        return answer(self, self->state.watch_drain(message));
      },
      [self](const directory_drain& message) {
        self->state.tell_drain(message.deadline);
      },
      [self](const directory_start& message) {
        self->state.start(message.links);
      },
  };
}

} // namespace wsrelay
