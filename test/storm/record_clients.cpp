// What clients tell of themselves beside what the targets saw: nothing may be
// lost, and nothing may come twice but what is redelivered.
#include "test/storm/record.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wsrelay::storm {

namespace {

using namespace std::chrono_literals;

// So long after the end of its target a connection knows of it, however busy
// the machine is.
constexpr auto known_end = 100ms;

} // namespace

void record::got_again(caf::actor_id client, caf::actor_id target,
                       std::uint64_t seq, std::string_view text) {
  std::unique_lock guard{mutex_};
  ++messages_;
  ++redelivered_;
  check_owner(client, target, "redelivered message");
  check_payload(client, target, seq, text);
  auto& value = connections_[client];
  if (value.handled.count(seq) > 0)
    report(client, target,
           fmt::format("message {} comes again, it was answered", seq));
  if (auto* now = last_stay(client, target);
      now && !now->again.insert(seq).second)
    report(client, target, fmt::format("message {} is redelivered twice", seq));
}

void record::handled(caf::actor_id client, std::uint64_t seq) {
  std::unique_lock guard{mutex_};
  auto& value = connections_[client];
  auto found = clients_.find(value.serial);
  if (found != clients_.end() && found->second.where
      && found->second.where->redelivers)
    value.handled.insert(seq);
}

void record::got_report(caf::actor_id client, caf::actor_id target) {
  std::unique_lock guard{mutex_};
  check_owner(client, target, "report of an overflow");
}

void record::check_owner(caf::actor_id client, caf::actor_id target,
                         std::string_view what) {
  auto* now = last_stay(client, target);
  if (!now || now->left || now->answer != verdict::accepted)
    report(client, target,
           fmt::format("{} to somebody who is not the owner", what));
}

void record::opened(std::uint64_t serial, const route& where) {
  std::unique_lock guard{mutex_};
  clients_[serial].where = &where;
}

void record::refused(std::uint64_t serial) {
  std::unique_lock guard{mutex_};
  clients_.erase(serial);
}

void record::closes(std::uint64_t serial, std::uint64_t sent) {
  std::unique_lock guard{mutex_};
  clients_[serial].sent = sent;
}

// One that sent nothing that arrived is known to nobody.
void record::check_client(caf::actor_id client, const connection& value) {
  auto found = clients_.find(value.serial);
  if (found == clients_.end() || !found->second.where)
    return;
  auto& [where, sent] = found->second;
  auto came_again = std::any_of(value.stays.begin(), value.stays.end(),
                                [](auto& each) { return !each.again.empty(); });
  if (came_again && !where->redelivers)
    report(client, 0,
           fmt::format("messages are redelivered on {}", where->prefix));
  if (where->redelivers)
    check_whole(client, value);
  if (sent && value.closed_by_client)
    check_end(client, value, *sent);
}

// Where a route redelivers, who joins when the ends of all before are known
// gets what they left before anything new.
void record::check_whole(caf::actor_id client, const connection& value) {
  std::set<std::uint64_t> got;
  for (auto& each : value.stays) {
    got.insert(each.again.begin(), each.again.end());
    for (auto seq = each.first; seq != 0 && seq <= each.last; ++seq)
      got.insert(seq);
  }
  std::chrono::steady_clock::time_point all_known{};
  for (auto& each : value.stays) {
    if (each.first != 0 && each.joined_at > all_known)
      for (std::uint64_t seq = 1; seq < each.first; ++seq)
        if (got.insert(seq).second) // reported once
          report(client, each.target,
                 fmt::format("message {} is lost, {} came on a route that "
                             "redelivers",
                             seq, each.first));
    if (each.lost)
      all_known = std::max(all_known, each.ended_at + known_end);
  }
}

// It closed by itself: everything has an owner, who may have ended with it.
void record::check_end(caf::actor_id client, const connection& value,
                       std::uint64_t sent) {
  std::uint64_t last = 0;
  auto may_lack = false;
  for (auto& each : value.stays) {
    if (each.first != 0)
      may_lack = false;
    last = std::max(last, each.last);
    if (!each.again.empty())
      last = std::max(last, *each.again.rbegin());
    may_lack = may_lack || each.may_lack();
  }
  if (last > sent || (last < sent && !may_lack))
    report(client, 0,
           fmt::format("its client closed behind {} messages, the last one "
                       "that came is {}",
                       sent, last));
}

} // namespace wsrelay::storm
