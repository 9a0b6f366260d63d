// Each value is quoted: a request cannot add members of its own.
#include "net/http/fixed_command.hpp"

#include "protocol/http_fields.hpp"
#include "protocol/json.hpp"
#include "protocol/utf8.hpp"

#include <algorithm>
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

std::optional<std::string> decode(std::string_view text) {
  std::string spaced{text};
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  auto result = percent_decode(spaced);
  return result && is_valid_utf8(*result) ? result : std::nullopt;
}

// Parameters of a query that are looked at: a stranger may send any number.
constexpr std::size_t max_parameters = 1000;

// Name, decoded, and value, as it came.
using raw_parameters = std::vector<std::pair<std::string, std::string_view>>;

raw_parameters parameters_of(std::string_view query) {
  raw_parameters result;
  for (std::size_t count = 0; !query.empty() && count < max_parameters;) {
    auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty())
      continue;
    ++count;
    auto mark = std::min(part.find('='), part.size());
    if (auto name = decode(part.substr(0, mark)))
      result.emplace_back(std::move(*name),
                          part.substr(std::min(mark + 1, part.size())));
  }
  return result;
}

std::optional<std::string> find_in_query(const raw_parameters& all,
                                         std::string_view name) {
  auto found = std::find_if(all.begin(), all.end(),
                            [&](auto& each) { return each.first == name; });
  return found == all.end() ? std::nullopt : decode(found->second);
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
  raw_parameters query;
  if (!handler.query.empty())
    query = parameters_of(request.query);
  add_found(result.metadata, "query", handler.query,
            [&](auto& name) { return find_in_query(query, name); });
  result.limit_key = expand_params(result.limit_key, params);
  for (auto& group : result.groups)
    group = expand_params(group, params);
  return result;
}

} // namespace wsrelay
