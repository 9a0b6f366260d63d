// Look-up is linear: there are few, and never more than the limit.
#include "protocol/named_values.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

std::optional<std::string> named_values::value(std::string_view name) const {
  auto found = std::find_if(entries_.begin(), entries_.end(),
                            [&](auto& each) { return each.name == name; });
  return found == entries_.end() ? std::nullopt : found->value;
}

std::vector<std::string> named_values::values(std::string_view name) const {
  std::vector<std::string> result;
  for (auto& each : entries_)
    if (each.name == name && each.value)
      result.push_back(*each.value);
  return result;
}

std::size_t named_values::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [&](auto& each) { return each.name == name; }));
}

bool named_values::add(std::optional<std::string> name,
                       std::optional<std::string> value) {
  if (++seen_ > max_named_values) {
    is_well_formed_ = false;
    return false;
  }
  is_well_formed_ = is_well_formed_ && name && value;
  if (name)
    entries_.push_back({std::move(*name), std::move(value)});
  return true;
}

} // namespace wsrelay
