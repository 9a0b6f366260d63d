// From words of the command line to what they mean.
#pragma once

#include "tools/wsrelay/options.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace wsrelay::cli {

/// What the command line says before it is an `options`.
struct raw_options {
  std::string node;
  std::string timeout = "5s";
  std::string code = "1000";
  std::string file;
  std::string body;
  std::string shell;
  std::string drained_node;
  std::string token_file;
  std::vector<std::string> headers;
  std::vector<std::string> params;
};

/// Take over what needs converting, of a command or of where to ask. Return
/// what is wrong, or nothing.
std::string finish_send(const CLI::App& app, const raw_options& raw,
                        options& out);
std::string finish_close(const raw_options& raw, options& out);
std::string finish_inspect(const options& out);
void finish_call(const CLI::App& app, const raw_options& raw, options& out);
std::string finish_drain(const CLI::App& app, const raw_options& raw,
                         options& out);
std::string finish_node(const raw_options& raw, options& out);

} // namespace wsrelay::cli
