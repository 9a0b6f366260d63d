// Order, keys and holes.
#include "actors/backlog.hpp"

#include "actors/frame_port.hpp"

#include <iterator>
#include <utility>

namespace wsrelay {

std::size_t backlog::cost() const noexcept {
  return bytes_ + size() * queued_message_cost
         + waiters_ * sizeof(caf::response_promise);
}

void backlog::push(item what) {
  auto urgent = what.message.priority;
  auto& queue = queue_of(urgent);
  if (!urgent)
    what.hole += take_end_hole();
  bytes_ += what.message.data.size();
  waiters_ += what.who ? 1 : 0;
  queue.push_back(std::move(what));
  if (auto key = queue.back().message.key.view(); !key.empty())
    keys_.try_emplace(key, std::prev(queue.end()));
}

std::optional<backlog::item> backlog::replace(item& what) {
  auto found = keys_.find(what.message.key.view());
  if (found == keys_.end())
    return std::nullopt;
  auto place = found->second;
  keys_.erase(found); // its text is the old one's
  what.hole = place->hole;
  what.message.priority = place->message.priority; // it stays where it is
  bytes_ += what.message.data.size();
  bytes_ -= place->message.data.size();
  waiters_ += what.who ? 1 : 0;
  waiters_ -= place->who ? 1 : 0;
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

backlog::item backlog::take(items& from, items::iterator which) {
  auto key = keys_.find(which->message.key.view());
  if (key != keys_.end() && key->second == which)
    keys_.erase(key);
  bytes_ -= which->message.data.size();
  waiters_ -= which->who ? 1 : 0;
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
