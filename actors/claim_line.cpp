// One after the other.
#include "actors/claim_line.hpp"

#include <utility>

namespace wsrelay {

claim& claim_line::begin(relay_settings settings, time_point deadline,
                         requester who) {
  current_ = std::make_unique<claim>(claim{
      ++last_id_, nullptr, std::move(settings), deadline, std::move(who)});
  return *current_;
}

claim claim_line::take() {
  auto taken = std::move(current_);
  return std::move(*taken);
}

void claim_line::wait(ws_control control, requester who) {
  if (!waiting_)
    waiting_ = std::make_unique<std::deque<waiting_control>>();
  waiting_->push_back({std::move(control), std::move(who)});
}

std::optional<waiting_control> claim_line::next() {
  if (current_ || !waiting_)
    return std::nullopt;
  auto result = std::move(waiting_->front());
  waiting_->pop_front();
  if (waiting_->empty())
    waiting_.reset();
  return result;
}

void claim_line::fail(errc why) {
  auto current = std::move(current_);
  auto waiting = std::move(waiting_);
  if (current && current->who)
    current->who->deliver(make_error(why));
  if (!waiting)
    return;
  for (auto& each : *waiting)
    if (each.who)
      each.who->deliver(make_error(why));
}

} // namespace wsrelay
