// Each value is quoted: a request cannot add members of its own.
#include "net/http/fixed_command.hpp"

#include "protocol/http_fields.hpp"
#include "protocol/json.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

namespace {

// Inside of a JSON string.
path_params escaped(path_params params) {
  for (auto& [name, value] : params) {
    auto quoted = json_string(value);
    value = quoted.substr(1, quoted.size() - 2);
  }
  return params;
}

std::optional<std::string> decode(std::string_view text) {
  std::string spaced{text};
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

std::optional<std::string> find_in_query(std::string_view query,
                                         std::string_view name) {
  for (auto part : split(query, '&')) {
    auto mark = std::min(part.find('='), part.size());
    if (decode(part.substr(0, mark)) == name)
      return decode(part.substr(std::min(mark + 1, part.size())));
  }
  return std::nullopt;
}

void add_member(std::string& object, std::string_view name,
                std::string_view value) {
  object.pop_back();
  if (object.size() > 1)
    object += ',';
  append_json_string(object, name);
  object.append(1, ':').append(value).append(1, '}');
}

template <class Find>
void add_found(std::string& metadata, std::string_view member,
               const std::vector<std::string>& names, Find find) {
  if (names.empty())
    return;
  std::string found = "{}";
  for (auto& name : names)
    if (auto value = find(name))
      add_member(found, name, json_string(*value));
  add_member(metadata, member, found);
}

} // namespace

relay_command fill_in(const relay_handler& handler, const http_request& request,
                      const path_params& params) {
  auto result = handler.command;
  result.metadata = expand_params(result.metadata, escaped(params));
  if (auto compact = compact_json_object(result.metadata))
    result.metadata = std::move(*compact);
  add_found(result.metadata, "headers", handler.headers, [&](auto& name) {
    return count_fields(request.headers, name) > 0
               ? std::optional{joined_values(request.headers, name)}
               : std::nullopt;
  });
  add_found(result.metadata, "query", handler.query,
            [&](auto& name) { return find_in_query(request.query, name); });
  result.limit_key = expand_params(result.limit_key, params);
  for (auto& group : result.groups)
    group = expand_params(group, params);
  return result;
}

} // namespace wsrelay
