// The commands that ask and print.
#pragma once

#include "net/admin/node_client.hpp"
#include "tools/wsrelay/options.hpp"

#include <functional>
#include <string>
#include <vector>

namespace wsrelay::cli {

/// What a command prints, and what it could not find out: the program says so
/// and ends with the first one's code.
struct command_output {
  std::string text;
  std::vector<command_error> missing;
};

/// Is told how far a command is that takes its time; null = nobody is.
using progress = std::function<void(const std::string&)>;

/// Runs the command and returns what it prints. Throws `command_error`. Not
/// for `watch` and `completion`.
command_output run_command(node_client& node, const options& opts,
                           const progress& tell = nullptr);

} // namespace wsrelay::cli
