// Files, and names of actors.
#include "tools/wsrelayd/checks.hpp"

#include "config/missing_names.hpp"
#include "net/check_files.hpp"

#include <variant>
#include <vector>

namespace wsrelay {

bool asks(const relay_config& config, std::string_view name) {
  for (auto& endpoint : config.endpoints) {
    auto* handler = std::get_if<func_handler>(&endpoint.handler);
    if (handler && handler->name == name)
      return true;
  }
  return false;
}

more_findings check_all(const relay_config& config) {
  auto result = check_files(config);
  std::vector<std::string_view> own{"echo", "chat"};
  if (asks(config, demo_handler))
    own.push_back(demo_handler);
  result.doubts = find_missing_names(config, own);
  return result;
}

} // namespace wsrelay
