// A ring of events.
#include "actors/flight_record.hpp"

#include "actors/unix_time.hpp"
#include "protocol/topic.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <limits>

namespace wsrelay {

namespace {

constexpr std::size_t max_nodes = 8;
constexpr std::size_t usual_events = 3; // opened, asked, joined
constexpr std::uint64_t max_count = 65'535;
constexpr std::uint64_t max_number = (std::uint64_t{1} << 40) - 1;

// Room is made for 3, 6, 12, 24, and for all.
constexpr bool is_full_at(std::size_t size) {
  return size == 0
         || (size % usual_events == 0
             && std::has_single_bit(size / usual_events));
}

std::string_view name_of(flight_event what) {
  constexpr std::array<std::string_view, 12> names{
      "opened", "asked",   "joined",  "refused", "paused",  "dropped",
      "parked", "resumed", "hung_up", "leaving", "closing", "closed"};
  return names[static_cast<std::size_t>(what)];
}

// A client that is held back again and again would fill the ring with it.
bool is_counted(flight_event what) {
  return what == flight_event::paused || what == flight_event::dropped
         || what == flight_event::hung_up;
}

std::uint32_t since(time_point begin, time_point now) {
  auto passed = std::chrono::duration_cast<milliseconds>(now - begin).count();
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  return passed < 0
             ? 0
             : static_cast<std::uint32_t>(std::min<std::int64_t>(passed, most));
}

} // namespace

flight_record::flight_record(time_point now)
    : begin_{now}, opened_at_{unix_time()} {}

void flight_record::add(flight_event what, time_point now,
                        std::uint64_t number) {
  add(what, now, 0, number);
}

void flight_record::add(flight_event what, time_point now,
                        const caf::actor& target) {
  auto elsewhere = target.node() != target.home_system().node();
  add(what, now, elsewhere ? place_of(target.node()) : 0, target.id());
}

void flight_record::finish(outcome how) {
  end = std::make_unique<outcome>(std::move(how));
}

void flight_record::add(flight_event what, time_point now, std::uint64_t node,
                        std::uint64_t number) {
  auto when = since(begin_, now);
  event next{when,      when, static_cast<std::uint64_t>(what) & 15,
             node & 15, 1,    std::min(number, max_number) & max_number};
  if (size_ > 0 && is_counted(what)) {
    auto& last = at(size_ - 1u);
    if (last.what == next.what) {
      next.at = last.at;
      next.count = (last.count + (last.count < max_count)) & max_count;
      last = next;
      return;
    }
  }
  if (size_ == capacity) {
    events_[first_] = next;
    first_ = static_cast<std::uint8_t>((first_ + 1u) % capacity);
    ++left_out_;
    return;
  }
  if (is_full_at(size_))
    make_room();
  events_[size_++] = next;
}

flight_record::event& flight_record::at(std::size_t place) const noexcept {
  return events_[(first_ + place) % size_];
}

void flight_record::make_room() {
  auto events = std::make_unique_for_overwrite<event[]>(
      std::min(capacity, std::max(usual_events, std::size_t{2} * size_)));
  std::copy_n(events_.get(), size_, events.get());
  events_ = std::move(events);
}

// Beyond the first few they share the last place.
std::uint8_t flight_record::place_of(const caf::node_id& node) {
  if (!nodes_)
    nodes_ = std::make_unique<std::vector<caf::node_id>>();
  auto found = std::find(nodes_->begin(), nodes_->end(), node);
  if (found == nodes_->end() && nodes_->size() < max_nodes)
    found = nodes_->insert(nodes_->end(), node);
  return static_cast<std::uint8_t>(
      found == nodes_->end() ? max_nodes + 1 : found - nodes_->begin() + 1);
}

std::string flight_record::detail_of(const event& what) const {
  std::uint64_t number = what.number;
  switch (static_cast<flight_event>(what.what)) {
    case flight_event::opened:
      return fmt::format("{}ms", number);
    case flight_event::asked:
    case flight_event::joined:
      if (what.node == 0)
        return fmt::format("{}", number);
      return what.node > nodes_->size()
                 ? fmt::format("{}@?", number)
                 : fmt::format("{}@{}", number,
                               to_string((*nodes_)[what.node - 1u]));
    case flight_event::refused:
      return std::string{to_text(static_cast<errc>(number))};
    case flight_event::parked:
      return std::string{to_text(static_cast<end_cause>(number))};
    case flight_event::hung_up:
    case flight_event::closed:
      return {};
    default:
      return fmt::format("{}", number);
  }
}

std::vector<flight_row> flight_record::rows() const {
  std::vector<flight_row> result;
  for (std::size_t i = 0; i < size_; ++i) {
    auto& each = at(i);
    result.push_back(
        {milliseconds{each.at}, milliseconds{each.last},
         static_cast<std::uint16_t>(each.count),
         std::string{name_of(static_cast<flight_event>(each.what))},
         detail_of(each)});
  }
  return result;
}

std::string flight_record::line() const {
  std::string result;
  auto out = std::back_inserter(result);
  if (left_out_ > 0)
    fmt::format_to(out, "{} before; ", left_out_);
  for (auto& row : rows())
    fmt::format_to(
        out, "{}+{}ms {}{}{}{}",
        result.empty() || result.ends_with(' ') ? "" : "; ", row.at.count(),
        row.what, row.detail.empty() ? "" : " ", row.detail,
        row.count > 1 ? fmt::format(" x{}", row.count) : std::string{});
  return result;
}

connection_report report_of(const flight_record& record) {
  connection_report result{};
  result.phase = "ended";
  result.opened_at = record.opened_at();
  result.compressed = record.compressed;
  if (!record.trace.empty())
    result.trace = trace_text(record.trace);
  result.events = record.rows();
  result.events_left_out = record.left_out();
  if (auto& end = record.end) {
    result.numbers = end->numbers;
    result.cause = to_text(end->cause);
    result.code = end->code;
    result.text = end->text;
    result.ended_at = end->at;
  }
  return result;
}

} // namespace wsrelay
