// Queues and times.
#include "actors/parking.hpp"

#include "protocol/pid.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

// After a successor that refuses.
constexpr milliseconds least_pause{100};
constexpr milliseconds most_pause{5'000};

// Nodes are lost for other reasons than a message, but hardly so often in a
// row.
constexpr int most_losses = 3;

// Places that an idle connection keeps.
constexpr std::size_t most_spare = 16;

// A word of `wsrelay.park.endings`, and where a route says whether it counts.
struct ending_word {
  std::string_view text;
  bool park_endings::*counts = nullptr;
};

ending_word word_of(end_cause cause) noexcept {
  switch (cause) {
    case end_cause::target_crashed:
      return {"crashed", &park_endings::crashed};
    case end_cause::target_lost:
      return {"lost", &park_endings::lost};
    case end_cause::target_shutdown:
    case end_cause::target_node_stops:
      return {"shutdown", &park_endings::shutdown};
    case end_cause::target_normal:
      return {"normal", &park_endings::normal};
    default:
      return {};
  }
}

} // namespace

std::string successor_name(std::string_view target) {
  auto parsed = parse_target(target);
  return parsed && parsed->kind != target_name::form::pid ? std::string{target}
                                                          : std::string{};
}

std::string_view park_word(end_cause cause) noexcept {
  return word_of(cause).text;
}

parking::parking(std::shared_ptr<const parking_options> options,
                 std::shared_ptr<parking_lot> lot, std::string name)
    : options_{std::move(options)},
      lot_{std::move(lot)},
      name_{std::move(name)} {}

bool parking::covers(end_cause cause) const noexcept {
  auto counts = word_of(cause).counts;
  return counts && options_->endings.*counts;
}

void parking::on_sent(std::uint64_t epoch, std::uint64_t seq, message_type type,
                      const shared_buffer& data, std::uint8_t again) {
  sent_.push_back(
      {seq, type, options_->redeliver ? data : shared_buffer{}, epoch, again});
}

void parking::on_answered(std::uint64_t seq) noexcept {
  auto found = std::find_if(sent_.begin(), sent_.end(),
                            [&](auto& each) { return each.seq == seq; });
  if (found != sent_.end())
    sent_.erase(found);
  if (sent_.empty() && sent_.capacity() > most_spare)
    sent_ = {};
}

void parking::merge(std::uint64_t epoch, std::uint64_t into) noexcept {
  for (auto& each : sent_)
    if (each.epoch == epoch)
      each.epoch = into;
}

void parking::on_parted(std::uint64_t epoch) noexcept {
  std::erase_if(sent_, [&](auto& each) { return each.epoch == epoch; });
}

std::size_t parking::owe(std::uint64_t epoch) noexcept {
  std::size_t count = 0;
  for (auto& each : sent_)
    if (each.epoch == epoch) {
      unanswered_ += each.owed ? 0 : 1;
      each.owed = true;
      ++count;
    }
  if (!options_->redeliver)
    on_parted(epoch);
  return count;
}

bool parking::failed_again(std::uint64_t epoch,
                           end_cause cause) const noexcept {
  auto most = cause == end_cause::target_crashed ? 1 : most_losses;
  return std::any_of(sent_.begin(), sent_.end(), [&](auto& each) {
    return each.epoch == epoch && each.again >= most;
  });
}

std::vector<kept_message> parking::take_owed() {
  auto owed = std::stable_partition(sent_.begin(), sent_.end(),
                                    [](auto& each) { return !each.owed; });
  std::vector<kept_message> result{std::make_move_iterator(owed),
                                   std::make_move_iterator(sent_.end())};
  sent_.erase(owed, sent_.end());
  std::sort(result.begin(), result.end(),
            [](auto& a, auto& b) { return a.seq < b.seq; });
  return result;
}

void parking::begin(end_cause how, time_point now, const caf::actor& client) {
  how_ = how;
  over_at_ = now + options_->time;
  pause_ = least_pause;
  std::size_t owed = 0;
  for (auto& each : sent_)
    owed += each.owed ? each.data.size() + queued_message_cost : 0;
  place_ = parked_place{lot_, client, owed};
}

void parking::end() {
  over_at_ = search_at_ = time_point::max();
  ++search_;
  searches_ = false;
  parting_ = no_epoch;
  unanswered_ = 0;
  place_ = {};
}

void parking::hold(message_type type, shared_buffer data) {
  held_bytes_ += data.size();
  place_.hold(data.size() + queued_message_cost);
  held_.push_back({0, type, std::move(data)});
}

std::size_t parking::waiting() const noexcept {
  auto owed = std::count_if(sent_.begin(), sent_.end(),
                            [](auto& each) { return each.owed; });
  return held_.size() + static_cast<std::size_t>(owed);
}

std::vector<kept_message> parking::take_held() {
  held_bytes_ = 0;
  return std::exchange(held_, {});
}

std::uint64_t parking::begin_search() noexcept {
  searches_ = true;
  parting_ = no_epoch;
  search_at_ = time_point::max();
  return ++search_;
}

void parking::search_soon(time_point now) noexcept {
  if (!searches_)
    search_at_ = now + least_pause;
}

void parking::put_search_off(time_point now) noexcept {
  searches_ = false;
  search_at_ = now + pause_;
  pause_ = std::min(2 * pause_, most_pause);
}

} // namespace wsrelay
