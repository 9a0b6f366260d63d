// Order, keys and holes.
#include "actors/backlog.hpp"

#include "actors/frame_port.hpp"

#include <iterator>

namespace wsrelay {

namespace {

// A node of the index by keys.
constexpr std::size_t key_cost = 64;

std::size_t cost_of(const backlog::item& what) noexcept {
  auto& [message, who, hole] = what;
  return message.data.size() + queued_message_cost
         + (message.key.empty() ? 0 : message.key.size() + key_cost)
         + (who ? sizeof(caf::response_promise) : 0);
}

} // namespace

std::size_t backlog::cost_of_key(std::string_view key) const {
  auto found = keys_.find(key);
  return found == keys_.end() ? 0 : cost_of(*found->second);
}

// A hole at the end is before it, unless others without priority are.
void backlog::push(item what) {
  auto urgent = what.message.priority;
  auto& queue = queue_of(urgent);
  if (!urgent || normal_.empty())
    what.hole += take_end_hole();
  count(what, true);
  queue.push_back(std::move(what));
  if (auto key = queue.back().message.key.view(); !key.empty())
    keys_.try_emplace(key, std::prev(queue.end()));
}

std::optional<backlog::item> backlog::replace(item& what) {
  auto found = keys_.find(what.message.key.view());
  if (found == keys_.end())
    return std::nullopt;
  auto place = found->second;
  auto& queue = queue_of(place->message.priority);
  if (what.message.priority && !place->message.priority) {
    auto next = std::next(place);
    auto old = take(queue, place);
    (next == queue.end() ? end_hole_ : next->hole) += old.hole;
    push(std::move(what));
    return old;
  }
  keys_.erase(found); // its text is the old one's
  what.hole = place->hole;
  what.message.priority = place->message.priority;
  count(*place, false);
  count(what, true);
  auto old = std::exchange(*place, std::move(what));
  keys_.emplace(place->message.key.view(), place);
  return old;
}

std::optional<backlog::item> backlog::pop() {
  auto& queue = queue_of(!urgent_.empty());
  if (queue.empty())
    return std::nullopt;
  return take(queue, queue.begin());
}

std::optional<backlog::item> backlog::drop_oldest(bool also_urgent) {
  auto& queue = queue_of(normal_.empty() && also_urgent);
  if (queue.empty())
    return std::nullopt;
  auto result = take(queue, queue.begin());
  widen_hole(queue, queue.begin(), result.hole + 1);
  return result;
}

std::optional<backlog::item> backlog::drop_newest() {
  if (normal_.empty())
    return std::nullopt;
  auto result = take(normal_, std::prev(normal_.end()));
  widen_hole(normal_, normal_.end(), result.hole + 1);
  return result;
}

void backlog::count(const item& what, bool comes) noexcept {
  auto& cost = what.message.priority ? urgent_cost_ : normal_cost_;
  auto size = what.message.data.size();
  bytes_ = comes ? bytes_ + size : bytes_ - size;
  cost = comes ? cost + cost_of(what) : cost - cost_of(what);
}

backlog::item backlog::take(items& from, items::iterator which) {
  auto key = keys_.find(which->message.key.view());
  if (key != keys_.end() && key->second == which)
    keys_.erase(key);
  count(*which, false);
  auto result = std::move(*which);
  from.erase(which);
  return result;
}

void backlog::widen_hole(items& in, items::iterator behind,
                         std::uint64_t count) {
  ++dropped_;
  (behind == in.end() ? end_hole_ : behind->hole) += count;
}

} // namespace wsrelay
