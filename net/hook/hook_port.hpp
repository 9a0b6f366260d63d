// The seam between an http.target's actor and HTTP, the clock and its name.
// Everything here happens on the actor's thread: its loop, or that of a test.
#pragma once

#include "actors/frame_port.hpp"
#include "net/hook/hook_answer.hpp"

#include <functional>

namespace wsrelay {

/// Nothing here blocks, and nothing calls back before it returns, or after the
/// port was destroyed.
class hook_port {
public:
  using on_result = std::function<void(hook_result)>;

  virtual ~hook_port() = default;

  virtual time_point now() const = 0;
  virtual milliseconds unix_now() const = 0;

  /// Returns a random share, 0 to 1: no crowd tries again at one time.
  virtual double random_share() = 0;

  /// Sends a request; `done` is called once, at `deadline` at the latest.
  virtual void ask(http_request what, time_point deadline, on_result done) = 0;

  /// Calls `wake` once at `when` or shortly after; replaces the time set
  /// before. `time_point::max()` cancels.
  virtual void wake_at(time_point when, std::function<void()> wake) = 0;

  /// Whether joins are welcome: the actor has its name as long as they are.
  virtual void set_open(bool open) = 0;
};

} // namespace wsrelay
