// The stage's JSON.
#include "tools/targets/stage_message.hpp"

#include "protocol/json.hpp"
#include "tools/targets/json_object.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wsrelay {

namespace {

constexpr std::string_view what_a_client_may_say =
    "a message of the stage is hello, count, move or crash";

bool is_stage_name(std::string_view name) {
  auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  return !name.empty() && name.size() <= max_stage_name
         && std::none_of(name.begin(), name.end(), is_control);
}

std::string joined(const std::vector<std::string>& parts, bool as_text) {
  std::string result;
  for (auto& part : parts)
    result +=
        (result.empty() ? "" : ",") + (as_text ? json_string(part) : part);
  return result;
}

} // namespace

result<stage_request> parse_stage_request(std::string_view json) {
  using enum stage_request::kind;
  auto object = parse_object(json);
  auto type = text_member(object, "type");
  if (type == "move")
    return stage_request{move};
  if (type == "crash")
    return stage_request{crash};
  if (type == "count") {
    if (auto number = number_member(object, "number"))
      return stage_request{count, {}, *number};
    return failure{"a number is an integer of 0 or more"};
  }
  if (type == "hello") {
    auto name = text_member(object, "name");
    if (!is_stage_name(name))
      return failure{"a name has 1 to 64 bytes and no control characters"};
    return stage_request{hello, std::move(name)};
  }
  return failure{std::string{what_a_client_may_say}};
}

std::string stage_entry_json(const stage_entry& entry) {
  return fmt::format(R"({{"pid":{},"name":{},"actor":{},"color":{}}})",
                     json_string(entry.pid), json_string(entry.name),
                     json_string(entry.actor), json_string(entry.color));
}

std::string stage_bound_json(const stage_entry& entry, std::uint64_t heard) {
  return fmt::format(R"({{"you":{},"actor":{},"color":{},"heard":{}}})",
                     json_string(entry.pid), json_string(entry.actor),
                     json_string(entry.color), heard);
}

std::string stage_counted_json(std::uint64_t number, std::uint64_t seq,
                               std::string_view color, std::uint64_t heard) {
  return fmt::format(R"({{"number":{},"seq":{},"color":{},"heard":{}}})",
                     number, seq, json_string(color), heard);
}

std::string stage_people_json(const std::vector<std::string>& entries,
                              const std::vector<std::string>& gone) {
  return fmt::format(R"({{"people":[{}],"gone":[{}]}})", joined(entries, false),
                     joined(gone, true));
}

std::string stage_error_json(std::string_view text) {
  return fmt::format(R"({{"text":{}}})", json_string(text));
}

std::string stage_metadata_json(std::string_view name) {
  return fmt::format(R"({{"name":{}}})", json_string(name));
}

std::string stage_name_of(std::string_view metadata) {
  auto name = text_member(parse_object(metadata), "name");
  return is_stage_name(name) ? name : std::string{};
}

} // namespace wsrelay
