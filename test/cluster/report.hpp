// The lines that the probe prints.
#pragma once

#include "actors/messages.hpp"

#include <caf/error.hpp>

#include <fmt/core.h>

#include <string>

namespace wsrelay::cluster_probe {

/// Prints one line at once. Any thread.
void print_line(const std::string& line);

/// Formats and prints a line.
template <class... Ts>
void report(fmt::format_string<Ts...> format, const Ts&... values) {
  print_line(fmt::vformat(format, fmt::make_format_args(values...)));
}

/// Returns the PID of an actor of any node as CAF prints it.
std::string pid_of(const caf::actor& who);

/// Returns how an actor ended: "normal", "target_down 1011 target lost: connect
/// again" for a connection's reason with its close code and text, else the
/// error's name.
std::string describe_end(const caf::error& reason);

} // namespace wsrelay::cluster_probe
