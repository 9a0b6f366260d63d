// Batches.
#include "actors/name_feed.hpp"

#include "actors/caf_compat.hpp"

namespace wsrelay {

std::optional<name_feed::batch> name_feed::next() {
  if (under_way_)
    return std::nullopt;
  drop_ended();
  if (waiting_.empty())
    return std::nullopt;
  under_way_ = true;
  batch result{waiting_.front().takes_back, {}};
  while (!waiting_.empty() && result.entries.size() < max_name_batch
         && waiting_.front().takes_back == result.takes_back) {
    result.entries.push_back(std::move(waiting_.front().what));
    waiting_.pop_front();
    drop_ended();
  }
  return result;
}

// The other node hears of an actor's end by itself.
void name_feed::drop_ended() {
  while (!waiting_.empty() && !is_alive(waiting_.front().what.who))
    waiting_.pop_front();
}

} // namespace wsrelay
