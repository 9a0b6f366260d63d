// What a node needs of the process before its first thread starts. Later a
// thread that cannot be started, or a loop without a descriptor, would end it
// in the middle, where nothing can be told any more.
#pragma once

#include "config/config.hpp"
#include "protocol/result.hpp"

#include <cstddef>

namespace wsrelay {

/// What is checked for.
struct resource_needs {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
};

/// Returns what a configuration needs in order to start, with a small reserve
/// for the first clients.
resource_needs needs_of(const relay_config& config);

/// Raises the limit of open descriptors to what the system allows, as servers
/// do. Nothing happens where that fails.
void raise_descriptor_limit() noexcept;

/// Takes all of it at once, for a moment. The failure names what there is not
/// enough of, how much is needed, and the limit to look at.
checked check_resources(const resource_needs& needs);

} // namespace wsrelay
