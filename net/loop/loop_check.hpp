// Whether loops still take their turns.
#pragma once

#include "net/loop/loop.hpp"

#include <vector>

namespace wsrelay {

/// Returns whether each of them takes a turn within `limit`. Any thread but
/// theirs; blocks until then. The loops run and outlive the call.
bool take_turns(const std::vector<loop*>& loops, milliseconds limit);

} // namespace wsrelay
