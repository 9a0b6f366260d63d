// Streams of zlib by need, and the last results.
#include "net/ws/deflate_pool.hpp"

#include <algorithm>
#include <numeric>

namespace wsrelay {

namespace {

// The one that inflates what any client may have deflated.
constexpr int any_window = 15;

} // namespace

// A payload that is held has an address of its own.
shared_buffer deflate_pool::deflate(const shared_buffer& message, form how) {
  auto found =
      std::find_if(recent_.begin(), recent_.end(), [&](const done& each) {
        return each.message.data() == message.data() && each.how == how;
      });
  if (found != recent_.end())
    return found->payload;
  auto& deflater =
      deflaters_.try_emplace(how, how.level, how.window_bits, false)
          .first->second;
  auto payload = deflater.deflate(message.view());
  keep({message, how, payload});
  return payload;
}

message_inflater& deflate_pool::inflater(std::size_t max_message) {
  return inflaters_.try_emplace(max_message, any_window, false, max_message)
      .first->second;
}

void deflate_pool::keep(done what) {
  if (what.size() > max_recent_bytes)
    return;
  recent_.push_back(std::move(what));
  auto bytes = std::accumulate(
      recent_.begin(), recent_.end(), std::size_t{0},
      [](std::size_t sum, const done& each) { return sum + each.size(); });
  while (recent_.size() > max_recent || bytes > max_recent_bytes) {
    bytes -= recent_.front().size();
    recent_.pop_front();
  }
  home_.set_timer(*this, home_.now() + recent_time);
}

} // namespace wsrelay
