// Header fields of HTTP in an input: one "name: value" on each line.
#pragma once

#include "protocol/http_fields.hpp"
#include "test/fuzz/input.hpp"

#include <algorithm>
#include <string>

namespace wsrelay::fuzz {

/// Reads fields to the end of the input. A value goes to the end of its line,
/// without the blank in front of it.
inline http_fields take_fields(input& in) {
  http_fields out;
  while (!in.empty()) {
    auto line = in.line();
    auto colon = std::min(line.find(':'), line.size());
    auto value = line.substr(std::min(colon + 1, line.size()));
    value.remove_prefix(value.starts_with(' ') ? 1 : 0);
    out.emplace_back(line.substr(0, colon), value);
  }
  return out;
}

} // namespace wsrelay::fuzz
