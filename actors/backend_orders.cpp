// What a backend says, carried out.
#include "actors/answer.hpp"
#include "actors/backend_session.hpp"
#include "actors/backend_text.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "actors/own_actors.hpp"
#include "protocol/pid.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

// A directory asks another node's.
constexpr milliseconds lookup_patience{10'000};

// Bytes of one that waits.
std::size_t cost_of(const backend_order& what) {
  return sizeof what + what.to.size() + what.data.size() + what.text.size()
         + (what.metadata ? what.metadata->size() : 0);
}

// For more of its kind: all else comes behind what waits.
bool may_wait(const backend_order& what) {
  return what.id.empty()
         && (what.what == backend_verb::send
             || what.what == backend_verb::event);
}

ws_send to_send(const backend_order& what) {
  return {what.is_binary ? message_type::binary : message_type::text,
          shared_buffer{what.data}, what.priority, shared_buffer{what.key}};
}

ws_event to_event(const backend_order& what) {
  return {what.topic, shared_buffer{what.data}, what.priority,
          shared_buffer{what.key}};
}

ws_close to_close(const backend_order& what) {
  return {what.code == 0 ? std::uint16_t{1000} : what.code, what.text};
}

ws_control to_control(const backend_order& what) {
  ws_control result;
  result.target_pid = what.target;
  if (what.message_topic)
    result.message_topic = *what.message_topic;
  if (what.heartbeat_interval)
    result.heartbeat_interval = *what.heartbeat_interval;
  if (what.metadata)
    result.metadata = shared_buffer{*what.metadata};
  if (what.expires_at)
    result.expires_at = *what.expires_at;
  result.join_groups = what.join_groups;
  result.leave_groups = what.leave_groups;
  return result;
}

} // namespace

void backend_session_state::carry_out(backend_order what) {
  using enum backend_verb;
  switch (what.what) {
    case offer:
      return this->offer(what);
    case withdraw:
      return this->withdraw(what);
    case ok:
    case error:
    case response:
      send_batch();
      return settle(what.ref, what);
    case taken:
      what.to = normal_pid(what.to);
      return take(what);
    case group_send:
    case group_event:
    case group_close:
      send_batch();
      return tell_group(what);
    default:
      break;
  }
  // What is said to one actor keeps its order.
  auto known = clients.find(what.to); // most say a PID as it was told
  if (known == clients.end()) {
    what.to = normal_pid(what.to);
    known = clients.find(what.to);
  }
  if (known != clients.end() && !lookups.contains(what.to))
    deliver(what, caf::actor{known->second.who});
  else
    look_up(std::move(what));
}

void backend_session_state::offer(const backend_order& what) {
  directory_claims claims;
  std::vector<std::string> fresh;
  auto offered = static_cast<std::size_t>(std::count_if(
      names.begin(), names.end(), [](auto& each) { return each.is_offered; }));
  for (auto& name : what.names) {
    auto known = std::find_if(names.begin(), names.end(),
                              [&](auto& each) { return each.name == name; });
    auto is_new = known == names.end();
    auto is_one_more = is_new || !known->is_offered;
    if ((is_new && names.size() >= max_all_names)
        || (is_one_more && offered++ >= max_session_names)) {
      take_back(fresh);
      return refuse(what, make_error(errc::busy, "too many names"));
    }
    if (is_new)
      known = names.insert(
          names.end(),
          {name, make_backend_name(caf::actor{self},
                                   static_cast<std::uint32_t>(names.size()))});
    if (!std::exchange(known->is_offered, true))
      fresh.push_back(name);
    known->acks = what.acks;
    claims.entries.push_back({name, known->who});
  }
  self->request(directory, caf::infinite, claims)
      .then(
          [this, what, fresh](const directory_puts_answer& found) {
            if (!found.refused.empty()) {
              take_back(fresh);
              return refuse(what,
                            make_error(errc::invalid_message,
                                       "no name that a backend may have: "
                                           + what.names[found.refused[0]]));
            }
            std::vector<std::string> others;
            for (auto place : found.waiting)
              others.push_back(what.names[place]);
            if (!what.id.empty())
              answer(backend_ok(what.id, others));
          },
          [this, what](caf::error& why) { refuse(what, why); });
}

void backend_session_state::take_back(const std::vector<std::string>& which) {
  for (auto& each : names)
    if (each.is_offered
        && std::find(which.begin(), which.end(), each.name) != which.end()) {
      each.is_offered = false;
      self->send(directory, directory_erase{each.name, each.who});
    }
}

// Those who have joined stay.
void backend_session_state::withdraw(const backend_order& what) {
  take_back(what.names);
  // In order: behind the others.
  self->request(directory, caf::infinite, directory_erase{{}, self})
      .then([this, what] { accept(what); },
            [this, what](caf::error& why) { refuse(what, why); });
}

void backend_session_state::look_up(backend_order what) {
  if (auto good = check_relay_target(what.to); !good)
    return refuse(what, make_error(errc::no_such_target, good.error().what));
  auto to = what.to;
  answers += cost_of(what);
  auto [line, is_first] = lookups.try_emplace(to);
  line->second.push_back(std::move(what));
  if (!is_first)
    return;
  auto done = [this, to](auto&& each) {
    auto orders = lookups.extract(to);
    for (auto& order : orders.mapped()) {
      answers -= cost_of(order);
      each(order);
    }
    go_on_taking();
  };
  self->request(directory, lookup_patience, directory_get{to})
      .then(
          [this, done](const caf::actor& found) {
            done([&](auto& order) {
              if (is_own(found))
                refuse(order,
                       make_error(errc::no_such_target, "no such target"));
              else
                deliver(order, found);
            });
          },
          [this, done](caf::error& why) {
            done([&](auto& order) { refuse(order, why); });
          });
}

void backend_session_state::deliver(const backend_order& what,
                                    const caf::actor& whom) {
  using enum backend_verb;
  if (whom == socket)
    return refuse(what, make_error(errc::invalid_message,
                                   "that is the backend's own socket"));
  if (!may_wait(what))
    send_batch();
  switch (what.what) {
    case send:
      return tell(what, whom, to_send(what));
    case event:
      return tell(what, whom, to_event(what));
    case close:
      return tell(what, whom, to_close(what));
    case control:
      return tell(what, whom, to_control(what));
    case monitor:
      return watch(what, whom);
    case demonitor:
      return unwatch(what, whom);
    case backend_verb::link:
      return this->link(what, whom);
    case backend_verb::unlink:
      return this->unlink(what, whom);
    default:
      return;
  }
}

void backend_session_state::tell_group(const backend_order& what) {
  if (what.what == backend_verb::group_send)
    tell(what, directory,
         wsrelay::group_send{what.to, to_send(what), what.except});
  else if (what.what == backend_verb::group_event)
    tell(what, directory,
         wsrelay::group_event{what.to, to_event(what), what.except});
  else
    tell(what, directory,
         wsrelay::group_close{what.to, to_close(what), what.except});
}

void backend_session_state::watch(const backend_order& what,
                                  const caf::actor& whom) {
  if (watched.size() >= max_backend_watched)
    return refuse(what, make_error(errc::busy, "too many are monitored"));
  auto is_known = pids.contains(whom.address());
  auto [entry, is_new] = watched.try_emplace(whom.address());
  entry->second.insert(what.to);
  accept(what);
  if (is_new && !is_known)
    self->monitor(whom);
}

void backend_session_state::unwatch(const backend_order& what,
                                    const caf::actor& whom) {
  auto found = watched.find(whom.address());
  if (found != watched.end() && found->second.erase(what.to) > 0
      && found->second.empty()) {
    watched.erase(found);
    if (!pids.contains(whom.address()))
      self->demonitor(whom);
  }
  accept(what);
}

void backend_session_state::link(const backend_order& what,
                                 const caf::actor& whom) {
  if (linked.size() >= max_backend_watched)
    return refuse(what, make_error(errc::busy, "too many are linked"));
  // Others would end with it: whoever has its name, say. Of an actor of another
  // node only its join has told what it is.
  auto* object = caf::actor_cast<caf::abstract_actor*>(whom);
  if (!is_connection(*object) && !pids.contains(whom.address()))
    return refuse(
        what, make_error(errc::invalid_message, "only connections are linked"));
  accept(what);
  if (linked.try_emplace(whom.address(), what.to).second)
    self->link_to(whom);
}

void backend_session_state::unlink(const backend_order& what,
                                   const caf::actor& whom) {
  if (linked.erase(whom.address()) > 0)
    self->unlink_from(whom);
  accept(what);
}

template <class Message>
void backend_session_state::tell(const backend_order& what,
                                 const caf::actor& whom, Message message) {
  if (may_wait(what))
    return put(whom,
               caf::make_mailbox_element(
                   caf::actor_cast<caf::strong_actor_ptr>(self),
                   caf::make_message_id(), {}, std::move(message)),
               what.data.size());
  if (what.id.empty())
    return self->send(whom, std::move(message));
  if (open >= max_backend_open)
    return refuse(what, make_error(errc::busy, "too many are not answered"));
  ++open;
  backend_order asked;
  asked.id = what.id;
  auto done = [this, asked = std::move(asked)](const caf::error& why) {
    --open;
    answer(why ? backend_error(asked, why) : backend_ok(asked.id));
  };
  // No timeout: an actor's end is an answer.
  self->request(whom, caf::infinite, std::move(message))
      .then([done] { done({}); },
            [done](caf::error& why) {
              done(why == caf::sec::unexpected_response ? caf::error{} : why);
            });
}

// Connections live on other threads: one that gets several messages at once
// writes once. So they wait until all that has come so far is read.
void backend_session_state::put(const caf::actor& whom,
                                caf::mailbox_element_ptr message,
                                std::size_t size) {
  auto is_last = self->mailbox().empty(); // read once: others write to it
  if (batch.empty() && !is_last)
    self->send(self, backend_batch::is_due);
  batch.emplace_back(whom, std::move(message));
  batch_size += size;
  if (is_last || batch.size() >= max_backend_batch
      || batch_size >= backend_slack)
    send_batch();
}

void backend_session_state::send_batch() {
  for (auto& [whom, message] : batch)
    enqueue_to(whom, std::move(message), self->context());
  batch.clear();
  batch_size = 0;
}

void backend_session_state::accept(const backend_order& what) {
  if (!what.id.empty())
    answer(backend_ok(what.id));
}

// One that wants no answer is told all the same: nothing vanishes.
void backend_session_state::refuse(const backend_order& what,
                                   const caf::error& why) {
  answer(backend_error(what, why));
}

} // namespace wsrelay
