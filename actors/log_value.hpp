// A value in a line of the log.
#pragma once

#include "protocol/json.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace wsrelay {

/// Returns a name, or another text that mostly is one word, as a line has it
/// behind "key=": as it is, or, where it is not one word, as a JSON string.
/// Sentences are `json_string` always.
inline std::string log_value(std::string_view text) {
  auto is_word =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != '"';
      });
  return is_word ? std::string{text} : json_string(text);
}

} // namespace wsrelay
