// The CAF configuration of a program with a node.
#pragma once

#include "config/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

namespace wsrelay {

/// A CAF configuration that knows wsrelay's messages and errors, and whose
/// middleman runs on a loop. Programs with message types of their own derive
/// from it.
struct system_config : caf::actor_system_config {
  system_config();

  /// As the other, and `prepare`.
  explicit system_config(const relay_config& config);

  /// Sets what CAF needs to know of the configuration's cluster.node before the
  /// actor system is made; without one, of its defaults, for the operator.
  void prepare(const relay_config& config);
};

} // namespace wsrelay
