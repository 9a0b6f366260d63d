// The invariants.
#include "test/storm/record.hpp"

#include "actors/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace wsrelay::storm {

namespace {

// As many as a person reads.
constexpr std::size_t max_reports = 20;

// Reads "NUMBER:" from the front.
std::uint64_t take_number(std::string_view& text) {
  std::uint64_t value = 0;
  auto [end, ec] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  auto used = static_cast<std::size_t>(end - text.data());
  text.remove_prefix(std::min(used + 1, text.size()));
  return ec == std::errc{} ? value : 0;
}

} // namespace

stay* record::last_stay(caf::actor_id client, caf::actor_id target) {
  auto& stays = connections_[client].stays;
  for (auto i = stays.rbegin(); i != stays.rend(); ++i)
    if (i->target == target)
      return &*i;
  return nullptr;
}

void record::joined(caf::actor_id client, caf::actor_id target) {
  std::unique_lock guard{mutex_};
  auto* before = last_stay(client, target);
  if (before && !before->left && before->answer != verdict::refused)
    report(client, target, "joined twice without a leave");
  auto& now = connections_[client].stays.emplace_back();
  now.target = target;
  now.joined_at = std::chrono::steady_clock::now();
  clients_of_[target].insert(client);
}

void record::answered(caf::actor_id client, caf::actor_id target,
                      verdict answer) {
  std::unique_lock guard{mutex_};
  if (auto* now = last_stay(client, target); now && !now->left)
    now->answer = answer;
}

void record::got_message(caf::actor_id client, caf::actor_id target,
                         std::uint64_t seq, std::string_view text) {
  std::unique_lock guard{mutex_};
  ++messages_;
  auto* now = last_stay(client, target);
  if (!now)
    return report(client, target, "message before join");
  if (now->left)
    return report(client, target, "message after leave");
  if (now->answer != verdict::accepted)
    return report(client, target, "message without an accepted join");
  if (now->first == 0)
    now->first = seq;
  else if (seq != now->last + 1)
    report(client, target, fmt::format("seq {} after {}", seq, now->last));
  now->last = seq;
  check_payload(client, target, seq, text);
}

// A client numbers its messages, so its n-th has seq n.
void record::check_payload(caf::actor_id client, caf::actor_id target,
                           std::uint64_t seq, std::string_view text) {
  auto& known = connections_[client].serial;
  auto serial = take_number(text);
  auto number = take_number(text);
  if (known == 0)
    known = serial;
  if (serial != known || number != seq)
    report(client, target,
           fmt::format("seq {} holds message {} of client {}, expected {}", seq,
                       number, serial, known));
}

void record::got_heartbeat(caf::actor_id client, caf::actor_id target) {
  std::unique_lock guard{mutex_};
  ++heartbeats_;
  check_owner(client, target, "heartbeat");
}

void record::got_leave(caf::actor_id client, caf::actor_id target,
                       leave_reason reason, std::uint64_t last_seq) {
  std::unique_lock guard{mutex_};
  ++leaves_[reason];
  auto* now = last_stay(client, target);
  if (!now)
    return report(client, target, "leave before join");
  if (now->left)
    return report(client, target, "second leave");
  // Behind what was redelivered it may be one that somebody before has handled.
  auto got = now->again.empty() ? now->last
                                : std::max(now->last, *now->again.rbegin());
  if (now->again.empty() ? last_seq != got : last_seq < got)
    report(client, target,
           fmt::format("leave ({}) says last_seq {}, got {}", to_text(reason),
                       last_seq, got));
  now->left = true;
  if (reason == leave_reason::client_closed && now->answer == verdict::accepted)
    connections_[client].closed_by_client = true;
}

void record::target_ended(caf::actor_id target) {
  std::unique_lock guard{mutex_};
  ++lost_targets_;
  for (auto client : clients_of_[target])
    if (auto* now = last_stay(client, target); now && !now->left) {
      now->lost = true;
      now->ended_at = std::chrono::steady_clock::now();
    }
  clients_of_.erase(target);
}

void record::watched(caf::actor_id client) {
  std::unique_lock guard{mutex_};
  connections_[client].watched = true;
}

void record::went_down(caf::actor_id client) {
  std::unique_lock guard{mutex_};
  if (++connections_[client].downs > 1)
    report(client, 0, "a monitor fired twice");
}

void record::violation(std::string what) {
  std::unique_lock guard{mutex_};
  add(std::move(what));
}

std::size_t record::missing_downs() const {
  std::unique_lock guard{mutex_};
  std::size_t result = 0;
  for (auto& [client, value] : connections_)
    result += value.watched && value.downs == 0;
  return result;
}

std::size_t record::open_stays() const {
  std::unique_lock guard{mutex_};
  std::ptrdiff_t result = 0;
  for (auto& [client, value] : connections_)
    result += std::ranges::count_if(value.stays, &stay::lacks_leave);
  return static_cast<std::size_t>(result);
}

void record::check() {
  std::unique_lock guard{mutex_};
  for (auto& [client, value] : connections_) {
    if (value.watched && value.downs == 0)
      report(client, 0, "a monitor did not fire");
    check_stays(client, value);
    check_order(client, value);
    check_client(client, value);
  }
}

void record::check_stays(caf::actor_id client, const connection& value) {
  for (auto& each : value.stays)
    if (each.lacks_leave())
      report(client, each.target, "join without leave");
}

// Every message has one owner, in the order of the joins. Only what the mailbox
// of a target held when it ended may be missing.
void record::check_order(caf::actor_id client, const connection& value) {
  std::uint64_t next = 1;
  auto may_skip = false;
  for (auto& each : value.stays) {
    if (each.first != 0) {
      if (each.first < next || (each.first > next && !may_skip))
        report(client, each.target,
               fmt::format("owns from {}, expected {}", each.first, next));
      next = each.last + 1;
      may_skip = false;
    }
    may_skip = may_skip || each.may_lack();
  }
}

void record::forget() {
  std::unique_lock guard{mutex_};
  connections_.clear();
  clients_of_.clear();
  clients_.clear();
}

std::size_t record::violations() const {
  std::unique_lock guard{mutex_};
  return violations_;
}

std::vector<std::string> record::reports() const {
  std::unique_lock guard{mutex_};
  return reports_;
}

std::string record::summary() const {
  std::unique_lock guard{mutex_};
  std::size_t stays = 0;
  for (auto& [client, value] : connections_)
    stays += value.stays.size();
  auto result = fmt::format(
      "connections={} joins={} messages={} heartbeats={} ended_targets={}",
      connections_.size(), stays, messages_, heartbeats_, lost_targets_);
  if (redelivered_ > 0)
    result += fmt::format(" redelivered={}", redelivered_);
  for (auto& [reason, count] : leaves_)
    result += fmt::format(" {}={}", to_text(reason), count);
  return result;
}

void record::report(caf::actor_id client, caf::actor_id target,
                    const std::string& what) {
  add(fmt::format("connection {} target {}: {}", client, target, what));
}

void record::add(std::string what) {
  ++violations_;
  if (reports_.size() < max_reports)
    reports_.push_back(std::move(what));
}

} // namespace wsrelay::storm
