// Connecting, hearing and losing each other.
#include "test/kit/cluster_link.hpp"

#include "actors/error.hpp"
#include "test/kit/cluster_member.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

namespace wsrelay::test {

cluster_link::cluster_link(cluster_world& world, std::string one,
                           std::string other)
    : world_{world}, ends_{end{std::move(one)}, end{std::move(other)}} {}

std::size_t cluster_link::index_of(std::string_view name) const {
  for (std::size_t i = 0; i < ends_.size(); ++i)
    if (ends_[i].name == name)
      return i;
  throw std::invalid_argument{"the link of " + ends_[0].name + " and "
                              + ends_[1].name + " does not lead to "
                              + std::string{name}};
}

cluster_link::end& cluster_link::end_of(const cluster_member& who) {
  return ends_[index_of(who.name())];
}

cluster_link::end& cluster_link::other(const end& of) noexcept {
  return &of == &ends_[0] ? ends_[1] : ends_[0];
}

// -- what a test says ---------------------------------------------------------

cluster_link& cluster_link::delay(milliseconds time) {
  for (auto& each : ends_)
    each.in.set_delay(time);
  return *this;
}

cluster_link& cluster_link::delay_to(std::string_view node, milliseconds time) {
  ends_[index_of(node)].in.set_delay(time);
  return *this;
}

cluster_link& cluster_link::cut() {
  for (auto& each : ends_)
    cut_off(each);
  return *this;
}

cluster_link& cluster_link::cut_to(std::string_view node) {
  cut_off(ends_[index_of(node)]);
  return *this;
}

// Heartbeats are not sent here: all that matters of them is the last one.
void cluster_link::cut_off(end& at) {
  if (at.in.is_cut())
    return;
  at.in.cut();
  auto interval = world_.options.heartbeat_interval;
  auto first = at.since + at.in.delay();
  at.silent_since = std::max(at.since, at.in.last_arrival());
  if (world_.now > first && interval.count() > 0)
    at.silent_since = std::max(
        at.silent_since, first + (world_.now - first) / interval * interval);
}

cluster_link& cluster_link::lose() {
  is_lost_ = true;
  for (auto& each : ends_)
    each.in.clear();
  for (auto& each : ends_) {
    fail(each, "the link is lost");
    lose(each);
  }
  return *this;
}

cluster_link& cluster_link::restore() {
  is_lost_ = false;
  for (auto& each : ends_)
    each.in.heal();
  return *this;
}

bool cluster_link::is_connected() const noexcept {
  return ends_[0].is_open && ends_[1].is_open
         && ends_[0].connection == ends_[1].connection;
}

// -- what nodes say -----------------------------------------------------------

// What a process has sent arrives after its end, and then the end of its
// sockets.
void cluster_link::set_member(std::string_view name, cluster_member* who) {
  auto& mine = ends_[index_of(name)];
  if (!who) {
    tell_end(mine);
    mine.is_open = false;
    mine.trying.reset();
    mine.in.clear();
  }
  mine.node = who;
}

void cluster_link::connect(const cluster_member& by,
                           caf::response_promise promise) {
  auto& mine = end_of(by);
  mine.trying =
      attempt{++last_connection_, world_.now + patience, std::move(promise)};
  if (is_lost_)
    return fail(mine, "the link is lost");
  other(mine).in.push({kind::hello, last_connection_, by.id()}, world_.now);
}

void cluster_link::send(const cluster_member& by, wire_packet packet) {
  auto& mine = end_of(by);
  if (!mine.is_open)
    return;
  packet.connection = mine.connection;
  other(mine).in.push(std::move(packet), world_.now);
}

void cluster_link::part(const cluster_member& by) {
  auto& mine = end_of(by);
  tell_end(mine);
  lose(mine);
}

void cluster_link::tell_end(end& of) {
  if (of.is_open)
    other(of).in.push({kind::end, of.connection}, world_.now);
}

// -- what happens -------------------------------------------------------------

bool cluster_link::step() {
  auto acted = step(ends_[0]);
  return step(ends_[1]) || acted;
}

bool cluster_link::step(end& at) {
  if (give_up(at))
    return true;
  auto packet = at.in.pop(world_.now);
  if (packet)
    deliver(at, *packet);
  return packet.has_value();
}

// Returns whether something had to end for want of a sign of life.
bool cluster_link::give_up(end& at) {
  if (at.trying && at.trying->deadline <= world_.now) {
    other(at).in.push({kind::end, at.trying->connection}, world_.now);
    fail(at, "Connection timed out");
    return true;
  }
  if (deadline_of(at) > world_.now)
    return false;
  tell_end(at);
  lose(at);
  return true;
}

// Silence is noticed at a heartbeat of one's own.
cluster_link::time_point cluster_link::deadline_of(const end& at) const {
  auto& [interval, timeout, min, max, config] = world_.options;
  if (!at.is_open || !at.in.is_cut() || timeout.count() == 0)
    return time_point::max();
  auto end = at.silent_since + timeout;
  if (interval.count() == 0)
    return end;
  auto ticks = (end - at.since + interval - time_point::duration{1}) / interval;
  return at.since + ticks * interval;
}

cluster_link::time_point cluster_link::next_event() const {
  auto result = time_point::max();
  for (auto& each : ends_) {
    result = std::min({result, each.in.next_due(), deadline_of(each)});
    if (each.trying)
      result = std::min(result, each.trying->deadline);
  }
  return result;
}

void cluster_link::deliver(end& at, wire_packet& packet) {
  switch (packet.what) {
    case kind::hello:
      return on_hello(at, packet);
    case kind::welcome:
      return on_welcome(at, packet);
    case kind::refusal:
      if (at.trying && at.trying->connection == packet.connection)
        fail(at, "Connection refused");
      return;
    default:
      break;
  }
  if (!at.is_open || at.connection != packet.connection)
    return;
  if (packet.what == kind::end)
    lose(at);
  else
    at.node->on_packet(at.remote, packet);
}

// A node that connects again has lost a connection that seems open here.
void cluster_link::on_hello(end& at, const wire_packet& packet) {
  auto& from = other(at).in;
  if (!at.node)
    return from.push({kind::refusal, packet.connection}, world_.now);
  open(at, packet);
  from.push({kind::welcome, packet.connection, at.node->id(),
             at.node->directory_id()},
            world_.now);
}

void cluster_link::on_welcome(end& at, const wire_packet& packet) {
  if (!at.trying || at.trying->connection != packet.connection)
    return other(at).in.push({kind::end, packet.connection}, world_.now);
  auto promise = std::move(at.trying->promise);
  at.trying.reset();
  open(at, packet);
  promise.deliver(packet.from, at.node->proxy_of(packet.from, packet.source),
                  std::set<std::string>{});
}

void cluster_link::open(end& at, const wire_packet& packet) {
  lose(at);
  at.is_open = true;
  at.connection = packet.connection;
  at.remote = packet.from;
  at.since = world_.now;
  at.node->on_met(packet.from, *this);
}

void cluster_link::lose(end& at) {
  if (std::exchange(at.is_open, false))
    at.node->on_lost(at.remote);
}

void cluster_link::fail(end& at, std::string why) {
  if (auto trying = std::exchange(at.trying, std::nullopt))
    trying->promise.deliver(
        caf::make_error(caf::sec::cannot_connect_to_node, std::move(why)));
}

} // namespace wsrelay::test
