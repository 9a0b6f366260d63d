// What the target of a relay command is told when no connection comes to it.
#pragma once

#include "actors/messages.hpp"

#include <cstddef>
#include <string>

namespace wsrelay {

/// Metadata of a command that its target is told again, in bytes; more is left
/// out.
inline constexpr std::size_t max_refused_metadata = 64 * 1024;

/// Sends a `ws_refused` to the command's target, if it has one. Any thread.
void tell_refused(const relay_to& command, std::string reason);

} // namespace wsrelay
