// One message without a sender: nobody waits for an answer.
#include "actors/refusal.hpp"

#include <caf/all.hpp>

#include <utility>

namespace wsrelay {

void tell_refused(const relay_to& command, std::string reason) {
  if (!command.target)
    return;
  auto size = command.metadata.size();
  auto told = size > 0 && size <= max_refused_metadata;
  caf::anon_send(command.target,
                 ws_refused{told ? command.metadata : shared_buffer{"{}"},
                            std::move(reason)});
}

} // namespace wsrelay
