// One connection, for people.
#pragma once

#include "actors/node_messages.hpp"

#include <string>

namespace wsrelay::cli {

/// Returns all that is told of it, a line each, made printable.
std::string to_lines(const connection_report& report);

} // namespace wsrelay::cli
