// Commands that a node's admin listener answers.
#pragma once

#include "tools/wsrelay/commands.hpp"

namespace wsrelay::cli {

/// Runs the command by HTTP and returns what it prints: the same as by CAF,
/// but that targets are not looked up at peers. Throws `command_error`, also
/// for a command that only nodes answer: watch, call, moves of drain, --peer.
command_output run_by_admin(const options& opts);

} // namespace wsrelay::cli
