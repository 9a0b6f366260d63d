// Names of groups.
#include "protocol/group.hpp"

#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wsrelay {

namespace {

constexpr std::string_view marks = "-._~:@+=";

bool may_stand(char c) {
  auto lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c)
         || marks.find(c) != marks.npos;
}

} // namespace

checked check_group(std::string_view name) {
  if (name.empty() || name.size() > max_group_name
      || !std::all_of(name.begin(), name.end(), may_stand))
    return failure{fmt::format("a group's name has 1 to {} letters, digits and "
                               "any of {}",
                               max_group_name, marks)};
  return passed();
}

checked check_groups(const std::vector<std::string>& names) {
  if (names.size() > max_groups)
    return failure{fmt::format("more than {} groups", max_groups)};
  for (auto& name : names)
    if (auto good = check_group(name); !good)
      return good;
  return passed();
}

result<std::vector<std::string>> parse_groups(std::string_view list) {
  std::vector<std::string> names;
  for (auto part : split(list, ','))
    if (auto name = trim(part); !name.empty())
      names.emplace_back(name);
  if (auto good = check_groups(names); !good)
    return good.error();
  return names;
}

} // namespace wsrelay
