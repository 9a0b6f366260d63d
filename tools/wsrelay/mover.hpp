// Moves connections to other targets, so many at a time.
#pragma once

#include "tools/wsrelay/commands.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace wsrelay::cli {

/// Where connections go.
class destinations {
public:
  virtual ~destinations() = default;

  /// Returns where one goes whose target is this one; "" = it stays.
  virtual std::string of(const std::string& target_pid) const = 0;
};

/// One connection and where it goes.
struct move {
  std::string pid;
  std::string to; // "?@PEER": its target has no name
};

/// Moves at `opts.rate` per second, and tells how far it is.
class mover {
public:
  mover(const options& opts, const progress& tell) : opts_{opts}, tell_{tell} {}

  /// Moves what is at the node, again and again while there is more and it can
  /// be moved. Throws `command_error`.
  void empty(node_client relay, const destinations& where);

  /// The same, but a node that does not answer is one of the failures.
  void try_empty(const node_client& relay, const destinations& where);

  std::size_t moved() const noexcept { return moved_; }

  /// Takes why some could not be moved.
  std::vector<command_error> failures() { return std::move(all_failures_); }

private:
  using clock = std::chrono::steady_clock;

  std::vector<move> list(node_client& relay, const destinations& where);
  std::size_t move_all(node_client& relay, const std::vector<move>& moves);
  void move_some(node_client& relay, const std::vector<move>& moves);
  void note(const move& what, const caf::error& why);
  bool is_silent(std::size_t first) const;
  void give_up(const std::vector<move>& moves, std::size_t from);
  void report(std::size_t done, std::size_t all);

  const options& opts_;
  const progress& tell_;
  std::size_t moved_ = 0;
  std::vector<command_error> failures_; // of this pass
  std::vector<command_error> all_failures_;
  clock::time_point told_{};
};

} // namespace wsrelay::cli
