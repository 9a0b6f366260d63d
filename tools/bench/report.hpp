// What a run found, for people and for programs.
#pragma once

#include "tools/bench/engine.hpp"
#include "tools/bench/options.hpp"

#include <string>

namespace wsrelay::bench {

/// Returns the report as lines of text.
std::string to_lines(const options& opts, const outcome& result);

/// Returns the report as one JSON object on one line; null for what was not
/// measured.
std::string to_json(const options& opts, const outcome& result);

/// Returns what makes the run a failure, in one line, or "" when every
/// connection was opened and nothing was lost, wrong or ended unasked.
std::string failure(const options& opts, const outcome& result);

} // namespace wsrelay::bench
