// The commands that ask and print.
#pragma once

#include "tools/wsrelay/options.hpp"
#include "tools/wsrelay/session.hpp"

#include <string>

namespace wsrelay::cli {

/// Runs the command and returns what it prints. Throws `command_error`. Not
/// for `watch` and `completion`.
std::string run_command(session& node, const options& opts);

} // namespace wsrelay::cli
