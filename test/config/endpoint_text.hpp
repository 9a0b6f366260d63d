// Configurations with one endpoint.
#pragma once

#include "test/config/loaded_text.hpp"

#include <string>
#include <string_view>

namespace wsrelay::test {

/// Of service `gateway`.
inline constexpr std::string_view routers =
    "- {name: ws, kind: http.router, meta: {server: gateway}, prefix: /ws, "
    "post_middleware: [websocket_relay]}\n"
    "- {name: api, kind: http.router, meta: {server: gateway}, prefix: /api}\n";

/// An endpoint of router `ws` with path /a/{room}; `line` is line 7.
inline std::string with(std::string_view line) {
  return std::string{routers}
         + "- name: e\n  kind: http.endpoint\n  meta: {router: ws}\n"
           "  path: /a/{room}\n  "
         + std::string{line} + "\n";
}

/// A relay handler; `line` is line 8.
inline std::string with_relay(std::string_view line) {
  return with("relay:\n    " + std::string{line});
}

} // namespace wsrelay::test
