// What a route table finds, as text.
#pragma once

#include "config/route_table.hpp"

#include <string>

namespace wsrelay::test {

/// What is found, as text: "room room=7", "app: a/b", "405 GET, HEAD" or "-".
struct describe_match {
  std::string operator()(const no_match&) { return "-"; }
  std::string operator()(const method_mismatch& x) { return "405 " + x.allow; }
  std::string operator()(const options_match& x) { return "204 " + x.allow; }
  std::string operator()(const static_match& x) {
    return x.files->name + (x.needs_slash ? "/: " : ": ") + x.file;
  }
  std::string operator()(const endpoint_match& x) {
    auto out = x.endpoint->name;
    for (const auto& [name, value] : x.params)
      out += " " + name + "=" + value;
    return out;
  }
};

} // namespace wsrelay::test
