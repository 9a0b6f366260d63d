// A connection's transfers, one after the other: the target that was asked to
// take over, and the controls that wait until that is decided.
#pragma once

#include "actors/error.hpp"
#include "actors/frame_port.hpp"
#include "actors/relay_settings.hpp"

#include <caf/response_promise.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay {

/// Controls that may wait behind a transfer; one more is answered `busy`.
inline constexpr std::size_t max_waiting_controls = 16;

/// Who is to be told what became of a control.
using requester = std::optional<caf::response_promise>;

/// A target that was asked to join, or whose name is being resolved.
struct claim {
  std::uint64_t id;  // of this connection
  caf::actor target; // null while the name is being resolved
  relay_settings settings;
  time_point deadline;
  requester who;
  std::string name{};        // how the target was called; "" = by its handle
  bool is_successor = false; // nobody asked: it has the name of a lost target
  std::vector<std::string> join_groups{}; // as of the control
  std::vector<std::string> leave_groups{};
};

/// A control and who asked for it.
struct waiting_control {
  ws_control control;
  requester who;
};

/// Owns no memory while nothing is under way. What is asked of whom is not
/// decided here.
class claim_line {
public:
  /// Returns the claim that is under way, or null.
  claim* current() const noexcept { return current_.get(); }

  /// Returns it if it is `id`: answers may come for one that is over.
  claim* find(std::uint64_t id) const noexcept {
    return current_ && current_->id == id ? current_.get() : nullptr;
  }

  /// Returns whether a target was asked and has not answered.
  bool is_asked() const noexcept { return current_ && current_->target; }

  /// Begins a claim. @pre none is under way
  claim& begin(relay_settings settings, time_point deadline, requester who);

  /// Ends the claim that is under way. @pre there is one
  claim take();

  /// Returns whether no more controls may wait.
  bool is_full() const noexcept {
    return waiting_ && waiting_->size() >= max_waiting_controls;
  }

  /// Puts a control behind the others. @pre not full
  void wait(ws_control control, requester who);

  /// Returns the next control that may be carried out, if there is one.
  std::optional<waiting_control> next();

  /// Ends everything and tells whoever asked.
  void fail(errc why);

  /// Returns when the claim is over, `max()` without one.
  time_point deadline() const noexcept {
    return current_ ? current_->deadline : time_point::max();
  }

private:
  std::unique_ptr<claim> current_;
  std::unique_ptr<std::deque<waiting_control>> waiting_;
  std::uint64_t last_id_ = 0;
};

} // namespace wsrelay
