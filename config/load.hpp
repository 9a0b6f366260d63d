// Reads a configuration from YAML and prints it again. Every error of a file is
// reported in one run, with file, line and the path of the key.
#pragma once

#include "config/config.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// One finding: "relay.yaml:12: ws_router.post_options.wsrelay.window: ...".
struct config_issue {
  source_location where;
  std::string path; // entry and key, "ws_router.meta.server"
  std::string text;
};

/// Prints an issue as one line.
std::string to_text(const config_issue& issue);

/// What loading gives: the configuration is usable when `errors` is empty.
struct loaded_config {
  relay_config config;
  std::vector<config_issue> errors;
  std::vector<config_issue> warnings; // a lone "*" origin, for example
};

/// What a check outside of this folder finds: the place is the entry's, the
/// line of the key is looked up.
struct more_findings {
  std::vector<config_issue> errors;
  std::vector<config_issue> warnings;
  std::vector<config_issue> doubts{}; // warnings where there is no error
};
using more_checks = std::function<more_findings(const relay_config&)>;

/// Loads YAML text: a sequence of entries. HTTP is opened by `http.service`
/// only; routers or static files without one, and without a `cluster.node`, get
/// the built-in one, `gateway` on 127.0.0.1:8080. `file` stands in the reports.
/// Never throws. Reads no file but those of `secret_file` and `ca`, which are
/// looked up relative to the folder of `file`. `also` is asked about what was
/// read, even if it has errors.
loaded_config load_config(std::string_view yaml, std::string_view file,
                          const more_checks& also = {});

/// Loads the file at `path`; an unreadable file is an error like any other.
loaded_config load_config_file(const std::string& path,
                               const more_checks& also = {});

/// Returns the built-in configuration as YAML: service `gateway`, the demo page
/// at "/", "/ws/echo" and "/ws/chat/{room}".
std::string_view builtin_yaml();

/// Prints `config` as YAML that loads to the same configuration, every key
/// explicit. Secrets that came from a file print as their file.
std::string to_yaml(const relay_config& config);

} // namespace wsrelay
