// Tells the three forms of a target apart.
#include "protocol/pid.hpp"

#include "protocol/text.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace wsrelay {

namespace {

constexpr std::size_t node_hash_length = 40;

checked check_text(std::string_view text) {
  if (text.empty())
    return failure{"a name may not be empty"};
  if (text.size() > max_name_length)
    return failure{
        fmt::format("a name may not exceed {} bytes", max_name_length)};
  if (!is_plain_utf8(text))
    return failure{"a name must be UTF-8 without control characters"};
  return passed();
}

// What CAF prints for a node: 40 hexadecimal digits, "#", a process id.
bool is_node_id(std::string_view text) {
  auto hash = text.substr(0, node_hash_length);
  auto mark = text.substr(hash.size(), 1);
  if (hash.find_first_not_of("0123456789abcdefABCDEF") != hash.npos
      || (mark != "#" && mark != "-"))
    return false;
  auto process = parse_decimal(text.substr(hash.size() + 1));
  return hash.size() == node_hash_length && process
         && *process <= std::numeric_limits<std::uint32_t>::max();
}

bool is_number(std::string_view text) {
  return text.find_first_not_of("0123456789") == text.npos;
}

result<target_name> make_pid(std::string_view id, std::string_view node) {
  auto value = parse_decimal(id).value_or(0);
  if (value == 0)
    return failure{"a PID needs an id between 1 and 2^64 - 1"};
  target_name result{target_name::form::pid, value, "", std::string{node}};
  result.node[node_hash_length] = '#';
  return result;
}

} // namespace

result<target_name> parse_target(std::string_view text) {
  if (auto valid = check_text(text); !valid)
    return valid.error();
  auto at = text.rfind('@');
  if (at == text.npos)
    return target_name{target_name::form::name, 0, std::string{text}, ""};
  auto name = text.substr(0, at);
  auto node = text.substr(at + 1);
  if (name.empty() || node.empty())
    return failure{"a target needs text on both sides of its \"@\""};
  if (is_number(name) && is_node_id(node))
    return make_pid(name, node);
  return target_name{target_name::form::at_peer, 0, std::string{name},
                     std::string{node}};
}

std::string normal_pid(std::string_view text) {
  auto target = parse_target(text);
  return target && target->kind == target_name::form::pid
             ? fmt::format("{}@{}", target->id, target->node)
             : std::string{text};
}

std::string url_pid(std::string_view text) {
  std::string result{text};
  std::replace(result.begin(), result.end(), '#', '-');
  return result;
}

checked check_name(std::string_view name) {
  if (name.find('@') != name.npos)
    return failure{"a name may not hold \"@\""};
  return check_text(name);
}

checked check_relay_target(std::string_view text) {
  if (auto target = parse_target(text); !target)
    return target.error();
  if (text.starts_with(reserved_prefix))
    return failure{fmt::format("names that begin with {} are the relay's own",
                               reserved_prefix)};
  return passed();
}

result<std::string> expand_target(std::string_view text,
                                  const path_params& params) {
  for (const auto& [name, value] : params)
    if (value.find('@') != value.npos
        && text.find(fmt::format("{{{}}}", name)) != text.npos)
      return failure{fmt::format("the value of {{{}}} holds \"@\"", name)};
  auto out = expand_params(text, params);
  if (auto valid = check_relay_target(out); !valid)
    return valid.error();
  auto is_pid = parse_target(out)->kind == target_name::form::pid;
  if (is_pid && out != text)
    return failure{"a PID may not hold a parameter"};
  return out;
}

} // namespace wsrelay
