// Messages to groups, and what nodes tell each other of them.
#include "actors/groups.hpp"

#include "actors/answer.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/outgoing.hpp"
#include "actors/pid_text.hpp"
#include "protocol/group.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"

#include <caf/all.hpp>

#include <memory>
#include <utility>

namespace wsrelay {

namespace {

// An event has become a ws_send.
group_relay to_relay(const std::string& group, const caf::message& content,
                     const std::string& except_pid) {
  group_relay result{group, except_pid};
  result.closes = content.match_elements<ws_close>();
  if (result.closes)
    result.close = content.get_as<ws_close>(0);
  else
    result.message = content.get_as<ws_send>(0);
  return result;
}

// Returns the actor id where the text is the PID of an actor of this node.
caf::actor_id local_id(std::string_view pid, const caf::node_id& here) {
  auto id = parse_decimal(pid.substr(0, pid.find('@'))).value_or(0);
  return id != 0 && pid_text(id, here) == normal_pid(pid) ? id : 0;
}

// A handler of a message to a group.
template <class Message>
auto spread(groups_actor* self) {
  return [self](const Message& message) {
    return answer(self, self->state.send(message.group,
                                         caf::make_message(message.message),
                                         message.except_pid));
  };
}

// What a question to all nodes adds up to.
struct open_count {
  group_count sum;
  std::size_t awaited;
  caf::typed_response_promise<group_count> promise;

  void settle() {
    if (--awaited == 0)
      promise.deliver(sum);
  }
};

} // namespace

// -- members ------------------------------------------------------------------

caf::result<void> groups_state::change(const group_change& message) {
  auto& who = message.client;
  if (!who || who.node() != self->node())
    return make_error(errc::invalid_message, "no connection of this node");
  auto was_in = members.has(who.id());
  for (auto& group : message.leave)
    if (members.remove(group, who.id()))
      note(group);
  for (auto& group : message.join)
    if (members.add(group, who))
      note(group);
  auto is_in = members.has(who.id());
  if (is_in && !was_in)
    self->monitor(who);
  else if (was_in && !is_in)
    self->demonitor(who);
  for (auto& [node, peer] : peers)
    feed(node);
  return caf::unit;
}

void groups_state::on_down(const caf::actor_addr& who) {
  for (auto node = peers.begin(); node != peers.end(); ++node)
    if (node->second.directory == who) {
      peers.erase(node);
      return;
    }
  for (auto& group : members.remove_everywhere(who.id()))
    note(group);
  for (auto& [node, peer] : peers)
    feed(node);
}

// -- messages -----------------------------------------------------------------

caf::result<void> groups_state::send(const std::string& group,
                                     caf::message content,
                                     const std::string& except_pid) {
  if (auto good = check_group(group); !good)
    return make_error(errc::invalid_message, good.error().what);
  auto checked = to_outgoing(content);
  if (!checked)
    return std::move(checked.error());
  tell_here(group, *checked, except_pid);
  for (auto& [node, peer] : peers)
    if (peer.has.has(group))
      self->send(peer.directory, to_relay(group, *checked, except_pid));
  return caf::unit;
}

// From another node, which sends it to the others by itself.
void groups_state::deliver(const group_relay& message) {
  auto content = message.closes ? caf::make_message(message.close)
                                : caf::make_message(message.message);
  if (auto checked = to_outgoing(content))
    tell_here(message.group, *checked, message.except_pid);
}

void groups_state::tell_here(std::string_view group,
                             const caf::message& content,
                             std::string_view except_pid) {
  auto* in_it = members.find(group);
  if (!in_it)
    return;
  auto except = except_pid.empty() ? 0 : local_id(except_pid, self->node());
  for (auto& [id, who] : *in_it)
    if (id != except)
      enqueue_to(who, self->ctrl(), caf::make_message_id(), content,
                 self->context());
}

caf::result<group_count> groups_state::count(const group_count_get& message) {
  group_count here{};
  if (auto* in_it = members.find(message.group))
    here = {in_it->size(), 1};
  auto promise = self->make_response_promise<group_count>();
  auto open = std::make_shared<open_count>(open_count{here, 1, promise});
  for (auto& [node, peer] : peers) {
    if (message.only_here || !peer.has.has(message.group))
      continue;
    ++open->awaited;
    self->request(peer.directory, group_patience,
                  group_count_get{message.group, true})
        .then(
            [open](const group_count& there) {
              open->sum.members += there.members;
              open->sum.nodes += there.nodes;
              open->settle();
            },
            [open](caf::error&) {
              open->sum.is_complete = false;
              open->settle();
            });
  }
  open->settle();
  return promise;
}

// -- other nodes --------------------------------------------------------------

void groups_state::add_peer(const caf::actor& directory) {
  auto node = directory.node();
  auto known = peers.find(node);
  if (known != peers.end() && known->second.directory == directory)
    return;
  self->monitor(directory);
  auto& added = peers[node] = {directory};
  for (auto& group : members.list())
    added.feed.note(group);
  feed(node);
}

void groups_state::note(const std::string& group) {
  for (auto& [node, peer] : peers)
    peer.feed.note(group);
}

void groups_state::feed(const caf::node_id& node) {
  auto found = peers.find(node);
  if (found == peers.end())
    return;
  auto news = found->second.feed.next(members);
  if (!news)
    return;
  self->request(found->second.directory, group_patience, std::move(*news))
      .then([this, node] { settle(node, true); },
            [this, node](caf::error&) { settle(node, false); });
}

// Who did not take it may not know this node yet.
void groups_state::settle(const caf::node_id& node, bool taken) {
  auto found = peers.find(node);
  if (found == peers.end())
    return;
  found->second.feed.settle(taken);
  if (taken)
    feed(node);
  else
    self->delayed_send(self, group_retry, group_feed_again{node});
}

caf::result<void> groups_state::take(const group_news& news) {
  auto& sender = self->current_sender();
  auto found = sender ? peers.find(sender->node()) : peers.end();
  if (found == peers.end())
    return make_error(errc::no_such_peer, "it has not said who it is");
  auto& has = found->second.has;
  auto had_all = has.has_all();
  has.apply(news);
  if (has.has_all() && !had_all)
    log(log_part::cluster)
        .warn("a node has more groups than are kept apart, it gets what is "
              "sent to any: node={} hint=\"nothing to do, it costs traffic "
              "only\"",
              to_string(found->first));
  return caf::unit;
}

caf::behavior groups(groups_actor* self, const caf::actor& directory) {
  auto& state = self->state;
  self->set_default_handler(drop_unexpected);
  self->set_error_handler([](caf::error&) {});
  self->set_down_handler(
      [self, &state, home = directory.address()](caf::down_msg& message) {
        if (message.source == home)
          self->quit();
        else
          state.on_down(message.source);
      });
  self->monitor(directory);
  return {
      [self, &state](const group_change& message) {
        return answer(self, state.change(message));
      },
      spread<group_send>(self),
      spread<group_event>(self),
      spread<group_close>(self),
      [self, &state](const group_count_get& message) {
        return answer(self, state.count(message));
      },
      [self, &state](const group_news& message) {
        return answer(self, state.take(message));
      },
      [&state](const group_relay& message) { state.deliver(message); },
      [&state](const group_peer& message) {
        state.add_peer(message.directory);
      },
      [&state](const group_feed_again& message) { state.feed(message.node); },
  };
}

} // namespace wsrelay
