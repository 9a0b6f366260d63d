// The id of a node without CAF's middleman, which alone may give one.
#pragma once

#include <caf/actor_system_config.hpp>
#include <caf/node_id.hpp>

namespace wsrelay::test {

/// Gives a system this id. Call it before the actor system is made.
void use_node_id(caf::actor_system_config& config, caf::node_id id);

} // namespace wsrelay::test
