// A random node id.
#include "net/cluster/identity.hpp"

#include <caf/node_id.hpp>

#include <unistd.h>

#include <algorithm>
#include <random>

namespace wsrelay {

void take_new_node_id(caf::actor_system& system) {
  std::random_device random;
  caf::node_id::default_data::host_id_type host;
  std::generate(host.begin(), host.end(),
                [&random] { return static_cast<std::uint8_t>(random()); });
  auto process = static_cast<std::uint32_t>(::getpid());
  // The system is not const, and CAF offers no other way to its member.
  const_cast<caf::node_id&>(system.node()) = caf::make_node_id(process, host);
}

} // namespace wsrelay
