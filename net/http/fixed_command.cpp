// Each value is quoted: a request cannot add members of its own.
#include "net/http/fixed_command.hpp"

#include "net/http/answer_fields.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/json.hpp"
#include "protocol/query.hpp"
#include "protocol/utf8.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

std::optional<std::string> find_in_headers(const http_fields& fields,
                                           std::string_view name) {
  if (count_fields(fields, name) == 0)
    return std::nullopt;
  auto value = joined_values(fields, name);
  return is_valid_utf8(value) ? std::optional{std::move(value)} : std::nullopt;
}

void add_member(std::string& object, std::string_view name,
                std::string_view value) {
  object.pop_back();
  if (object.size() > 1)
    object += ',';
  append_json_string(object, name);
  object.append(1, ':').append(value).append(1, '}');
}

// Of one that is JSON a value stays a part of its string.
std::string fill_in_state(const std::string& state, const path_params& params) {
  if (state.find('{') == state.npos)
    return state;
  return expand_params(state, check_json(state) ? escaped(params) : params);
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
  add_found(result.metadata, "headers", handler.headers,
            [&](auto& name) { return find_in_headers(request.headers, name); });
  named_values query;
  if (!handler.query.empty())
    query = read_query(request.query);
  add_found(result.metadata, "query", handler.query,
            [&](auto& name) { return query.value(name); });
  result.limit_key = expand_params(result.limit_key, params);
  result.state = fill_in_state(result.state, params);
  for (auto& group : result.groups)
    group = expand_params(group, params);
  return result;
}

} // namespace wsrelay
