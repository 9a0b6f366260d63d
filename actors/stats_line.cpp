// Questions for numbers: one at work, the others in their order.
#include "actors/stats_line.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace wsrelay {

stats_line::~stats_line() {
  for (auto& each : waiting_)
    each.promise.deliver(caf::make_error(caf::sec::request_receiver_down));
}

caf::result<caf::message>
stats_line::ask(std::optional<acceptor_page_get> page) {
  if (!is_request(self_))
    return caf::message{};
  auto& who = self_->current_sender();
  auto from = who ? who->node() : caf::node_id{};
  if (!has_room(from))
    return make_error(errc::busy, "too many ask for the connections' numbers");
  auto promise = self_->make_response_promise();
  waiting_.push_back({promise, page, std::move(from)});
  if (!collector_)
    answer_next();
  return promise;
}

bool stats_line::has_room(const caf::node_id& from) const {
  auto of_node = std::count_if(waiting_.begin(), waiting_.end(),
                               [&](auto& each) { return each.from == from; });
  return waiting_.size() < max_waiting_stats
         && static_cast<std::size_t>(of_node) < max_waiting_stats_of_node;
}

bool stats_line::on_down(const caf::actor_addr& who) {
  if (who != collector_)
    return false;
  collector_ = nullptr;
  answer_next();
  return true;
}

void stats_line::answer_next() {
  if (waiting_.empty())
    return;
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  auto collector = spawn_(next.page);
  collector_ = collector.address();
  self_->monitor(collector);
  if (next.page)
    next.promise.delegate(collector, *next.page);
  else
    next.promise.delegate(collector, acceptor_stats{});
}

} // namespace wsrelay
