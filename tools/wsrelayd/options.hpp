// The command line of wsrelayd.
#pragma once

#include "config/load.hpp"

#include <optional>
#include <string>

namespace wsrelay {

/// What the command line asks for.
struct daemon_options {
  std::string config_file; // "" = the built-in configuration
  std::string check_file;  // report on this file and end
  std::string listen;      // replaces the first service's address
  std::string admin;       // where an admin.service listens, or "off"
  std::string certificate; // with `key`: the first service has TLS
  std::string key;
  std::optional<unsigned> threads; // replaces every service's `threads`
  std::string operator_socket;     // "" = in its usual place, or "off"
  std::string log_level = "info";
  std::string log_format = "auto"; // text, json, journal; auto: of the stream
  bool access_log = false;
  std::string drain = "on"; // on SIGTERM, or "off"
  bool print_config = false;
};

/// Parses the command line. Prints help, version and errors itself and returns
/// the exit status then: 0 for help and version, 2 for errors.
std::optional<int> parse_options(int argc, char** argv,
                                 daemon_options& options);

/// Loads the configuration that the options ask for, replacements included.
loaded_config load(const daemon_options& options);

} // namespace wsrelay
