// Queries and bodies.
#include "net/admin/api_request.hpp"

#include "protocol/json.hpp"
#include "protocol/query.hpp"
#include "protocol/text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <set>

namespace wsrelay {

namespace {

[[noreturn]] void refuse(std::string detail) {
  throw problem{400, "request", std::move(detail)};
}

template <class Member>
std::string_view name_of(const Member& member) {
  return {member.name.GetString(), member.name.GetStringLength()};
}

// For people: a name of theirs, not of any length.
std::string shown(std::string_view name) {
  return json_string(name.substr(0, 64));
}

} // namespace

query_params::query_params(std::string_view query) {
  auto given = read_query(query);
  if (!given.is_well_formed())
    refuse("the query is no percent-encoded UTF-8");
  for (auto& [name, value] : given.entries())
    if (!all_.emplace(name, *value).second)
      refuse(fmt::format("the parameter {} stands twice", shown(name)));
}

std::optional<std::string> query_params::take(const std::string& name) {
  auto found = all_.extract(name);
  return found ? std::optional{std::move(found.mapped())} : std::nullopt;
}

std::uint64_t query_params::take_number(const std::string& name,
                                        std::uint64_t otherwise,
                                        std::uint64_t most) {
  auto text = take(name);
  if (!text)
    return otherwise;
  auto number = parse_decimal(*text);
  if (!number || *number > most)
    refuse(fmt::format("{} must be a number up to {}", name, most));
  return *number;
}

bool query_params::take_flag(const std::string& name, bool otherwise) {
  auto text = take(name);
  if (!text)
    return otherwise;
  if (*text != "true" && *text != "false")
    refuse(fmt::format("{} must be true or false", name));
  return *text == "true";
}

void query_params::refuse_rest() const {
  if (!all_.empty())
    refuse(fmt::format("there is no parameter {} here",
                       shown(all_.begin()->first)));
}

// Checked before: RapidJSON's own nesting has no bound.
body_members::body_members(std::string_view body) {
  if (auto good = check_json_object(body); !good)
    refuse("the body must be a JSON object: " + good.error().what);
  document_.Parse(body.data(), body.size());
  if (document_.HasParseError() || !document_.IsObject())
    refuse("the body must be a JSON object");
  std::set<std::string_view> names;
  for (auto& member : document_.GetObject())
    if (auto name = name_of(member); !names.insert(name).second)
      refuse(fmt::format("the member {} stands twice", shown(name)));
}

const rapidjson::Value* body_members::take(const char* name) {
  auto found = document_.FindMember(name);
  if (found == document_.MemberEnd())
    return nullptr;
  taken_.emplace_back(name);
  return &found->value;
}

std::optional<std::string> body_members::take_text(const char* name) {
  auto* value = take(name);
  if (!value)
    return std::nullopt;
  if (!value->IsString())
    refuse(fmt::format("{} must be a string", name));
  return std::string{value->GetString(), value->GetStringLength()};
}

std::optional<std::string> body_members::take_json(const char* name) {
  auto* value = take(name);
  if (!value)
    return std::nullopt;
  if (!value->IsObject())
    refuse(fmt::format("{} must be an object", name));
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> out{text};
  value->Accept(out);
  return std::string{text.GetString(), text.GetSize()};
}

std::optional<std::uint64_t> body_members::take_number(const char* name,
                                                       std::uint64_t most) {
  auto* value = take(name);
  if (!value)
    return std::nullopt;
  if (!value->IsUint64() || value->GetUint64() > most)
    refuse(fmt::format("{} must be a number up to {}", name, most));
  return value->GetUint64();
}

void body_members::refuse_rest() const {
  for (auto& member : document_.GetObject()) {
    auto name = name_of(member);
    if (std::find(taken_.begin(), taken_.end(), name) == taken_.end())
      refuse(fmt::format("there is no member {} here", shown(name)));
  }
}

// Stricter than OpenSSL, which takes blanks, and padding anywhere.
std::optional<std::string> from_base64(std::string_view text) {
  auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
  auto is_digit_of_64 = [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  auto digits = text.substr(0, text.size() - padding);
  if (text.size() % 4 != 0
      || !std::all_of(digits.begin(), digits.end(), is_digit_of_64))
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  if (text.empty())
    return out;
  auto size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (size < 0)
    return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

} // namespace wsrelay
