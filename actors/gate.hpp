// The gate: what a request needs from actors before it is upgraded. It asks
// handler actors, and turns the text of a target into the handle of an actor
// that lives. What it decides is said to the HTTP side by callbacks.
#pragma once

#include "actors/loop_actor.hpp"
#include "actors/messages.hpp"

#include <caf/expected.hpp>
#include <caf/stateful_actor.hpp>

#include <functional>
#include <string>

namespace wsrelay {

class gate_state;
using gate_actor = caf::stateful_actor<gate_state, loop_actor>;

/// One gate per loop. The functions are called on the loop's thread, after the
/// actor has started, and call back there; never before they return. A callback
/// is not called when the gate ends first.
class gate_state {
public:
  static inline const char* name = "wsrelay.gate";

  using on_response = std::function<void(caf::expected<http_response>)>;
  using on_target = std::function<void(caf::expected<caf::actor>)>;

  explicit gate_state(gate_actor* self) : self_{self} {}

  caf::behavior start(caf::actor directory);

  /// Asks the handler actor registered under `handler`. Errors:
  /// `no_such_target`, what the handler answers, `sec::request_timeout`.
  void ask(const std::string& handler, http_request request,
           milliseconds timeout, on_response done);

  /// Finds the actor of a name or PID; errors as `directory_get`.
  void find(const std::string& target, on_target done);

private:
  gate_actor* self_;
  caf::actor directory_;
};

caf::behavior gate(gate_actor* self, caf::actor directory);

} // namespace wsrelay
