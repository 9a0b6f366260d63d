// Filters and orders.
#include "net/admin/connection_table.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace wsrelay {

namespace {

using row = connection_page_row;
using number_member = std::uint64_t connection_numbers::*;

constexpr std::array<std::pair<std::string_view, number_member>, 6> number_keys{
    {{"messages_in", &connection_numbers::messages_in},
     {"bytes_in", &connection_numbers::bytes_in},
     {"messages_out", &connection_numbers::messages_out},
     {"bytes_out", &connection_numbers::bytes_out},
     {"queued_messages", &connection_numbers::queued_messages},
     {"queued_bytes", &connection_numbers::queued_bytes}}};

std::string target_of(const row& what) {
  return what.numbers ? what.numbers->target_pid : std::string{};
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

// A member that is no string is compared as its JSON, which numbers and words
// are.
bool has_member(const row& what, const connection_query& query) {
  rapidjson::Document metadata;
  auto text = what.metadata.view();
  metadata.Parse(text.data(), text.size());
  if (metadata.HasParseError() || !metadata.IsObject())
    return false;
  auto found = metadata.FindMember(query.metadata_key.c_str());
  if (found == metadata.MemberEnd())
    return false;
  auto& wanted = query.metadata_value;
  if (!wanted)
    return true;
  auto& value = found->value;
  if (value.IsString())
    return *wanted
           == std::string_view{value.GetString(), value.GetStringLength()};
  if (value.IsObject() || value.IsArray())
    return false;
  rapidjson::StringBuffer json;
  rapidjson::Writer<rapidjson::StringBuffer> out{json};
  value.Accept(out);
  return *wanted == std::string_view{json.GetString(), json.GetSize()};
}

bool matches(const row& what, const connection_listing& from,
             const connection_query& query) {
  if (!query.endpoint.empty() && what.endpoint != query.endpoint)
    return false;
  if (!query.address.empty() && what.remote_address != query.address)
    return false;
  auto pid = target_of(what);
  auto& name = from.names->shown(pid);
  if (!query.target.empty() && query.target != pid && query.target != name)
    return false;
  if (!query.search.empty() && !contains(what.client_pid.view(), query.search)
      && !contains(what.remote_address, query.search)
      && !contains(what.endpoint, query.search)
      && !contains(name, query.search))
    return false;
  return query.metadata_key.empty() || has_member(what, query);
}

using order = std::function<bool(const row*, const row*)>;

template <class Key>
order by(Key key) {
  return [key](const row* a, const row* b) { return key(*a) < key(*b); };
}

order order_of(const connection_listing& from, const std::string& key) {
  for (auto& [name, member] : number_keys)
    if (name == key)
      return by([member = member](const row& what) {
        return what.numbers ? (*what.numbers).*member : 0;
      });
  if (key == "age_ms")
    return by([](const row& what) {
      return what.numbers ? what.numbers->age : milliseconds{0};
    });
  if (key == "address")
    return by([](const row& what) { return what.remote_address; });
  if (key == "endpoint")
    return by([](const row& what) { return what.endpoint; });
  if (key == "target")
    return by([names = from.names](const row& what) {
      return names->shown(target_of(what));
    });
  return by(
      [](const row& what) { return actor_id_of(what.client_pid.view()); });
}

} // namespace

bool is_sort_key(std::string_view key) {
  constexpr std::string_view others[] = {"pid", "age_ms", "address", "endpoint",
                                         "target"};
  return std::find(std::begin(others), std::end(others), key)
             != std::end(others)
         || std::any_of(number_keys.begin(), number_keys.end(),
                        [&](auto& each) { return each.first == key; });
}

connection_part select(const connection_listing& from,
                       const connection_query& query) {
  connection_part result;
  for (auto& each : from.rows)
    if (matches(each, from, query))
      result.rows.push_back(&each);
  result.matched = result.rows.size();
  auto before = order_of(from, query.sort);
  std::stable_sort(result.rows.begin(), result.rows.end(),
                   [&](auto* a, auto* b) {
                     return query.descending ? before(b, a) : before(a, b);
                   });
  auto first = std::min(query.offset, result.rows.size());
  auto count = std::min(query.limit, result.rows.size() - first);
  auto begin = result.rows.begin() + static_cast<std::ptrdiff_t>(first);
  result.rows = {begin, begin + static_cast<std::ptrdiff_t>(count)};
  return result;
}

std::shared_ptr<const connection_listing>
connection_table::get(node_client& node, bool with_metadata) {
  std::lock_guard guard{mutex_};
  auto& kept = with_metadata ? with_metadata_ : plain_;
  auto now = std::chrono::steady_clock::now();
  if (kept.listing && now - kept.made < max_age)
    return kept.listing;
  auto made = std::make_shared<connection_listing>();
  made->rows = list_connections(node, find_acceptors(node), made->missing,
                                with_metadata);
  made->names = std::make_shared<target_names>(node.names());
  kept = {made, std::chrono::steady_clock::now()};
  return made;
}

} // namespace wsrelay
