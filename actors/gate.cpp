// The gate actor.
#include "actors/gate.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"

#include <caf/all.hpp>

namespace wsrelay {

caf::behavior gate_state::start(caf::actor directory) {
  directory_ = std::move(directory);
  self_->set_default_handler(drop_unexpected);
  return {
      // The node asks, to know that the gate has started.
      [](caf::ok_atom) {},
  };
}

void gate_state::find(const std::string& target, on_target done) {
  // No timeout: the directory answers at once and lives as long as the node.
  self_->request(directory_, caf::infinite, directory_get{target})
      .then([done](const caf::actor& found) { done(found); },
            [done](caf::error& error) { done(std::move(error)); });
}

void gate_state::ask(const std::string& handler, http_request request,
                     milliseconds timeout, on_response done) {
  auto send = [this, request = std::move(request), timeout,
               done](caf::expected<caf::actor> found) mutable {
    if (!found)
      return done(std::move(found.error()));
    self_->request(*found, timeout, std::move(request))
        .then([done](http_response& response) { done(std::move(response)); },
              [done](caf::error& error) { done(std::move(error)); });
  };
  find(handler, std::move(send));
}

caf::behavior gate(gate_actor* self, caf::actor directory) {
  return self->state.start(std::move(directory));
}

} // namespace wsrelay
