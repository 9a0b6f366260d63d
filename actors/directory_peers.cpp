// The directory's peers: who comes, who goes, and how this node goes itself.
#include "actors/answer.hpp"
#include "actors/caf_compat.hpp"
#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "protocol/json.hpp"

#include <caf/all.hpp>

#include <memory>
#include <utility>

namespace wsrelay {

namespace {

void describe(const link_details& link, std::vector<peer_info>& peers) {
  auto node = to_string(link.node);
  for (auto& peer : peers)
    if (peer.node == node) {
      peer.address = link.address;
      peer.connected = link.connected;
      peer.heard = link.heard;
      peer.waiting = link.waiting;
    }
}

} // namespace

// The newest of a name is meant by it: it may be a node that was started again,
// while nobody knows yet that it had ended.
caf::result<peer_hello> directory_state::hello(const peer_hello& message) {
  if (auto refused = refuse(message))
    return std::move(*refused);
  auto address = message.directory.address();
  if (auto* same = peers.find_directory(address)) {
    if (is_same_object(*same, message.directory))
      return own_hello();
    lose(address, "it is back before its end was told");
  }
  auto* found = peers.find(message.name);
  auto known = found ? *found : caf::actor{};
  if (!peers.add(message))
    return make_error(errc::busy, "too many nodes");
  if (known)
    step_back(message.name, known, message.directory);
  self->monitor(message.directory);
  if (links)
    self->send(links, node_known{message.directory.node(), message.version,
                                 message.name});
  if (auto left_out =
          lines.allow("connected " + message.name, self->clock().now()))
    log(log_part::cluster)
        .info("peer connected: name={} version={} node={}{}",
              log_value(message.name), json_string(to_text(message.version)),
              to_string(message.directory.node()), suppressed_text(*left_out));
  if (has(version, feature_name_batches)
      && has(message.version, feature_name_batches))
    feeds[message.directory.address()];
  offer_to(message, offers.list_all());
  if (groups)
    tell_groups(message);
  return own_hello();
}

// An own peer has it from the node that it has connected to.
bool directory_state::speaks_for_itself(const caf::actor& directory) const {
  auto& sender = self->current_sender();
  return sender && directory != self
         && (sender->node() == self->node()
             || sender->node() == directory.node());
}

// Whoever works with this one knows by itself that it does.
std::optional<caf::error> directory_state::refuse(const peer_hello& message) {
  if (auto checked = check_name(message.name); !checked)
    return make_error(errc::invalid_message, checked.error().what);
  if (message.name == node_name)
    return make_error(errc::invalid_message,
                      "both nodes are called " + node_name + ": rename one");
  if (node_name.empty() || !message.directory || !is_plausible(message.version))
    return make_error(errc::invalid_message, "not what a node says of itself");
  if (!speaks_for_itself(message.directory))
    return make_error(errc::invalid_message,
                      "the directory is not that node's own");
  if (stopping)
    return make_error(errc::closing, "the node stops");
  auto why = refuse_version(version, message.version);
  if (!why)
    return std::nullopt;
  if (auto left_out = lines.allow(message.name, self->clock().now()))
    log(log_part::cluster)
        .warn("peer refused: name={} reason={}{}", log_value(message.name),
              json_string(*why), suppressed_text(*left_out));
  // When the answer has left.
  self->send(self, node_refused{message.directory.node()});
  return make_error(errc::incompatible,
                    *refuse_version(message.version, version));
}

peer_hello directory_state::own_hello() const {
  return {node_name, self, version};
}

// What connects nodes knows more of them.
caf::result<std::vector<peer_info>> directory_state::details() {
  if (!links)
    return peers.list_details();
  auto promise = self->make_response_promise<std::vector<peer_info>>();
  self->request(links, peer_patience, link_details_get{})
      .then(
          [this, promise](const std::vector<link_details>& all) mutable {
            auto result = peers.list_details();
            for (auto& link : all)
              describe(link, result);
            promise.deliver(std::move(result));
          },
          [this, promise](caf::error&) mutable {
            promise.deliver(peers.list_details());
          });
  return promise;
}

// Its names are there as long as the newer one does not bring the same ones.
void directory_state::step_back(const std::string& name,
                                const caf::actor& known,
                                const caf::actor& newer) {
  if (auto left_out = lines.allow("two " + name, self->clock().now()))
    log(log_part::cluster)
        .warn("two nodes have one name, the newer one is meant by it: name={} "
              "newer={} older={} hint=\"give one of them another name, unless "
              "it has just started again\"{}",
              log_value(name), to_string(newer.node()), to_string(known.node()),
              suppressed_text(*left_out));
  questions.fail(known.address());
  if (known.node() != newer.node())
    names.set_behind(known.node(), true);
}

// Returns what was known of it.
std::optional<peer_table::removed>
directory_state::forget(const caf::actor_addr& peer) {
  auto gone = peers.remove(peer);
  if (!gone)
    return std::nullopt;
  questions.fail(peer);
  feeds.erase(peer);
  names.remove_foreign(gone->directory.node());
  names.set_behind(gone->directory.node(), false);
  if (gone->next) {
    names.set_behind(gone->next.node(), false);
    if (auto left_out = lines.allow("again " + gone->name, self->clock().now()))
      log(log_part::cluster)
          .info("peer is meant by its name again: name={} node={}{}",
                log_value(gone->name), to_string(gone->next.node()),
                suppressed_text(*left_out));
  }
  return gone;
}

void directory_state::lose(const caf::actor_addr& peer, std::string_view why) {
  if (auto gone = forget(peer))
    if (auto left_out = lines.allow("lost " + gone->name, self->clock().now()))
      log(log_part::cluster)
          .warn("peer lost: name={} node={} reason={}"
                " hint=\"it connects again by itself; if not, see the log of "
                "that node\"{}",
                log_value(gone->name), to_string(gone->directory.node()),
                json_string(why), suppressed_text(*left_out));
}

// What it has offered is not there any more for anybody who asks from now on,
// and what is bound to its actors ends while they can still be told.
caf::result<void> directory_state::on_goodbye() {
  auto& sender = self->current_sender();
  auto gone =
      sender ? forget(caf::actor_cast<caf::actor_addr>(sender)) : std::nullopt;
  if (!gone)
    return caf::unit;
  auto node = gone->directory.node();
  log(log_part::cluster)
      .info("peer stops: name={} node={}", log_value(gone->name),
            to_string(node));
  self->demonitor(gone->directory);
  if (node != self->node())
    names.remove_node(node);
  auto promise = promise_to_requester(self);
  tell_acceptors(
      caf::make_message(node_stops{node, answer_when_released(promise)}));
  return later(promise);
}

void directory_state::tell_acceptors(const caf::message& message) {
  for (auto& acceptor : names.list(acceptor_prefix))
    self->send(acceptor.who, message);
}

caf::result<void> directory_state::step_back(const peer_step_back& message) {
  auto* peer = peers.find(message.name);
  if (!peer)
    return make_error(errc::no_such_peer, message.name);
  names.set_behind(peer->node(), message.steps_back);
  log(log_part::cluster)
      .info("peer steps {}: name={} node={}",
            message.steps_back ? "back" : "forward", log_value(message.name),
            to_string(peer->node()));
  return caf::unit;
}

// Its own node's actors are its program's affair.
caf::result<void> directory_state::watch_drain(const drain_watch& message) {
  auto& who = message.who;
  if (!who || is_from_outside() || who.node() != self->node())
    return make_error(errc::invalid_message, "only actors of its own node");
  std::erase_if(drain_watchers,
                [&](auto& each) { return each == who || !is_alive(each); });
  drain_watchers.push_back(who);
  return caf::unit;
}

void directory_state::tell_drain(milliseconds deadline) {
  for (auto& each : drain_watchers)
    caf::anon_send(each, node_draining{deadline});
}

// When the last message that holds what is returned has been handled, wherever.
std::shared_ptr<void> directory_state::answer_when_released(
    const std::optional<caf::response_promise>& promise) {
  auto number = ++last_goodbye;
  if (promise)
    goodbyes.emplace(number, *promise);
  return {nullptr, [whom = caf::actor{self}, number](void*) {
            caf::anon_send(whom, goodbye_told{number});
          }};
}

void directory_state::on_told(std::uint64_t number) {
  if (auto found = goodbyes.extract(number))
    found.mapped().deliver(caf::unit);
}

// A node of before this message does not answer, or with an error.
caf::result<void> directory_state::stop() {
  if (std::exchange(stopping, true))
    return caf::unit;
  auto promise = promise_to_requester(self);
  auto told = answer_when_released(promise);
  for (auto& peer : peers.list_all())
    self->request(peer.directory, goodbye_patience, peer_goodbye{})
        .then([told] {}, [told](caf::error&) {});
  return later(promise);
}

// Peers that were told goodbye and are still connected do not come by
// themselves.
void directory_state::start(caf::actor who_links) {
  if (who_links)
    links = std::move(who_links);
  if (!std::exchange(stopping, false))
    return;
  for (auto& peer : peers.list_all()) {
    self->request(peer.directory, peer_patience, own_hello())
        .then([](const peer_hello&) {}, [](caf::error&) {});
    offer_to(peer, offers.list_all());
  }
}

} // namespace wsrelay
