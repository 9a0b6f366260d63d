// Orders for the directory actor, from a thread that may wait.
#pragma once

#include "actors/error.hpp"
#include "protocol/result.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <utility>

namespace wsrelay {

/// Sends one of the `directory_*` messages that are answered with nothing, and
/// waits for that. The failure is the directory's.
template <class Message>
checked tell_directory(caf::actor_system& system, const caf::actor& directory,
                       Message message) {
  caf::scoped_actor self{system};
  checked answer = passed();
  self->request(directory, caf::infinite, std::move(message))
      .receive([] {},
               [&](caf::error& error) { answer = failure{to_text(error)}; });
  return answer;
}

} // namespace wsrelay
