// Shell completion, made from the command line's own declaration.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace wsrelay::cli {

/// Returns the script for "bash", "zsh" or "fish". In bash it completes PIDs,
/// too, by asking the node.
std::string make_completion(const std::string& shell, const CLI::App& app);

} // namespace wsrelay::cli
