// Batches.
#include "tools/wsrelay/mover.hpp"

#include "actors/error.hpp"
#include "net/admin/connection_pages.hpp"

#include <caf/sec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

namespace wsrelay::cli {

namespace {

// A target may take ten seconds to join.
constexpr std::chrono::seconds move_patience{15};

// New clients may come while others move.
constexpr int max_passes = 10;

constexpr std::chrono::seconds report_period{1};

// It does not have to move any more.
bool has_ended(const caf::error& why) {
  return why == caf::sec::request_receiver_down || is(why, errc::closing)
         || is(why, errc::no_such_target);
}

bool is_about_time(const command_error& failure) {
  return failure.kind == "timeout" || failure.kind == "target_silent"
         || failure.kind == "peer_silent";
}

std::vector<move> part_of(const std::vector<move>& all, std::size_t begin,
                          std::size_t end) {
  return {all.begin() + static_cast<std::ptrdiff_t>(begin),
          all.begin() + static_cast<std::ptrdiff_t>(end)};
}

} // namespace

void mover::empty(node_client relay, const destinations& where) {
  relay.set_timeout(std::max<milliseconds>(relay.timeout(), move_patience));
  for (int pass = 0; pass < max_passes; ++pass) {
    failures_.clear();
    auto moves = list(relay, where);
    if (moves.empty() || move_all(relay, moves) == 0)
      break;
  }
  std::move(failures_.begin(), failures_.end(),
            std::back_inserter(all_failures_));
  failures_.clear();
}

void mover::try_empty(const node_client& relay, const destinations& where) {
  try {
    empty(relay, where);
  } catch (const command_error& error) {
    if (error.code == exit_code::unreachable)
      throw;
    all_failures_.push_back(error);
  }
}

std::vector<move> mover::list(node_client& relay, const destinations& where) {
  std::vector<move> result;
  for (auto& row : list_connections(relay, find_acceptors(relay), failures_))
    if (row.numbers)
      if (auto to = where.of(row.numbers->target_pid); !to.empty())
        result.push_back({std::string{row.client_pid.view()}, to});
  return result;
}

// Returns how many have moved. Where a whole batch was answered too late there
// is no point in the next one.
std::size_t mover::move_all(node_client& relay,
                            const std::vector<move>& moves) {
  auto before = moved_;
  auto at_once = std::max<std::size_t>(1, opts_.rate / 10);
  auto period = at_once * std::chrono::microseconds{1'000'000} / opts_.rate;
  auto next = clock::now();
  for (std::size_t i = 0; i < moves.size(); i += at_once) {
    std::this_thread::sleep_until(next);
    next += period;
    auto end = std::min(i + at_once, moves.size());
    auto failed_before = failures_.size();
    move_some(relay, part_of(moves, i, end));
    report(end, moves.size());
    if (failures_.size() - failed_before == end - i
        && is_silent(failed_before)) {
      give_up(moves, end);
      break;
    }
  }
  return moved_ - before;
}

void mover::move_some(node_client& relay, const std::vector<move>& moves) {
  std::vector<std::pair<caf::actor, directory_get>> names;
  for (auto& each : moves)
    names.emplace_back(relay.directory(), directory_get{each.pid});
  auto found = relay.ask_all<caf::actor>(names);
  std::vector<std::pair<caf::actor, ws_control>> controls;
  std::vector<const move*> asked;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (!found[i] || !*found[i]) {
      if (!found[i] && !has_ended(found[i].error()))
        note(moves[i], found[i].error());
      continue;
    }
    ws_control control;
    control.target_pid = moves[i].to;
    control.is_successor = !opts_.from_node.empty();
    controls.emplace_back(*found[i], std::move(control));
    asked.push_back(&moves[i]);
  }
  auto moved = relay.ask_all<std::monostate>(controls);
  for (std::size_t i = 0; i < moved.size(); ++i)
    if (moved[i])
      ++moved_;
    else
      note(*asked[i], moved[i].error());
}

void mover::note(const move& what, const caf::error& error) {
  auto why = to_command_error(error, what.pid + " to " + what.to);
  if (why.kind == "ended" || why.kind == "closing")
    return;
  if (what.to.starts_with("?@"))
    why.text = what.pid + ": its target has no name";
  failures_.push_back(std::move(why));
}

bool mover::is_silent(std::size_t first) const {
  return std::all_of(failures_.begin() + static_cast<std::ptrdiff_t>(first),
                     failures_.end(), is_about_time);
}

void mover::give_up(const std::vector<move>& moves, std::size_t from) {
  for (auto i = from; i < moves.size(); ++i)
    failures_.push_back(
        {exit_code::timeout, "timeout",
         fmt::format("{} to {}: not asked, those before had no answer in time",
                     moves[i].pid, moves[i].to)});
}

void mover::report(std::size_t done, std::size_t all) {
  auto now = clock::now();
  if (!tell_ || (now < told_ + report_period && done < all))
    return;
  told_ = now;
  tell_(fmt::format("asked {} of {}, moved {} in all", done, all, moved_));
}

} // namespace wsrelay::cli
