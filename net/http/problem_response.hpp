// Refusals as responses.
#pragma once

#include "actors/messages.hpp"
#include "protocol/problem.hpp"

namespace wsrelay {

/// Returns the response that carries a problem document.
inline http_response to_response(const problem& value) {
  http_response result;
  result.status = static_cast<std::uint16_t>(value.status);
  result.headers = {{"Content-Type", std::string{problem_content_type}},
                    {"Cache-Control", "no-store"}};
  result.body = to_json(value);
  return result;
}

} // namespace wsrelay
