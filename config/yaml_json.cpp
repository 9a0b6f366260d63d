// YAML values as JSON. Numbers keep their digits: they are rewritten as text,
// not through a double.
#include "config/yaml_reader.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <set>
#include <system_error>

namespace wsrelay {

namespace {

bool is_one_of(std::string_view text,
               std::initializer_list<std::string_view> words) {
  for (auto word : words) {
    if (text == word)
      return true;
  }
  return false;
}

/// Cuts the leading digits off.
std::string_view take_digits(std::string_view& text) {
  auto end = text.find_first_not_of("0123456789");
  auto digits = text.substr(0, end);
  text.remove_prefix(digits.size());
  return digits;
}

/// Cuts off what is at the beginning if it is one of `chars`.
std::string_view take_any(std::string_view& text, std::string_view chars) {
  auto found = !text.empty() && chars.find(text[0]) != std::string_view::npos;
  auto taken = text.substr(0, found ? 1 : 0);
  text.remove_prefix(taken.size());
  return taken;
}

/// JSON allows no leading zeros and wants a digit before the point.
std::string_view whole_part(std::string_view digits) {
  auto first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? "0" : digits.substr(first);
}

/// Returns the JSON for the core schema's decimal integers and floats, or "".
std::string decimal_json(std::string_view text) {
  auto sign = take_any(text, "+-");
  auto whole = take_digits(text);
  auto point = take_any(text, ".");
  auto fraction = point.empty() ? point : take_digits(text);
  if (whole.empty() && fraction.empty())
    return "";
  auto exponent = text;
  if (!take_any(text, "eE").empty()) {
    take_any(text, "+-");
    if (take_digits(text).empty())
      return "";
  }
  if (!text.empty())
    return "";
  return fmt::format("{}{}{}{}{}", sign == "-" ? "-" : "", whole_part(whole),
                     point, !point.empty() && fraction.empty() ? "0" : fraction,
                     exponent);
}

/// Returns the JSON for "0o17" and "0xFF", or "". Numbers over 64 bits stay
/// text.
std::string radix_json(std::string_view text) {
  auto base = text.starts_with("0x") ? 16 : 8;
  if (base == 8 && !text.starts_with("0o"))
    return "";
  text.remove_prefix(2);
  std::uint64_t value = 0;
  auto end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value, base);
  return stop == end && error == std::errc{} ? std::to_string(value) : "";
}

/// Returns the JSON for a plain scalar.
std::string plain_json(std::string_view text) {
  if (is_one_of(text, {"true", "True", "TRUE"}))
    return "true";
  if (is_one_of(text, {"false", "False", "FALSE"}))
    return "false";
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"}))
    return "null";
  for (auto convert : {decimal_json, radix_json}) {
    if (auto number = convert(text); !number.empty())
      return number;
  }
  return json_string(text);
}

/// ".inf" and ".nan", which JSON does not have.
bool is_special_float(std::string_view text) {
  take_any(text, "+-");
  return is_one_of(text, {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"});
}

/// yaml-cpp's tags: "?" for a plain scalar, "!" for any other.
bool is_plain(const YAML::Node& node) {
  return node.Tag() == "?" || node.Tag().empty();
}

bool is_text_tag(std::string_view tag) {
  return is_one_of(tag, {"!", "tag:yaml.org,2002:str"});
}

key_path below(const key_path& key, std::string_view step) {
  return {key.first, fmt::format("{}{}", key.second, step)};
}

std::string scalar_json(const YAML::Node& node, const key_path& key,
                        findings& log) {
  const auto& text = node.Scalar();
  if (is_plain(node) && is_special_float(text))
    log.fail(key, line_of(node), "JSON has no such number");
  else if (!is_plain(node) && !is_text_tag(node.Tag()))
    log.fail(key, line_of(node), "tags are not supported");
  return is_plain(node) ? plain_json(text) : json_string(text);
}

std::string list_json(const YAML::Node& node, const key_path& key,
                      findings& log) {
  std::string out;
  std::size_t index = 0;
  for (const auto& item : node) {
    out += out.empty() ? "[" : ",";
    auto item_key = below(key, fmt::format("[{}]", index++));
    out += to_json(item, item_key, log);
  }
  return out.empty() ? "[]" : out + "]";
}

std::string map_json(const YAML::Node& node, const key_path& key,
                     findings& log) {
  std::string out;
  std::set<std::string> names;
  for (const auto& item : node) {
    auto name = item.first.IsScalar() ? item.first.Scalar() : "?";
    auto item_key = below(key, fmt::format(".{}", shown(name)));
    if (!item.first.IsScalar())
      log.fail(item_key, line_of(item.first), "keys must be text");
    else if (!names.insert(name).second)
      log.fail(item_key, line_of(item.first), "the key is there twice");
    out += out.empty() ? "{" : ",";
    out += json_string(name) + ":" + to_json(item.second, item_key, log);
  }
  return out.empty() ? "{}" : out + "}";
}

} // namespace

std::string to_json(const YAML::Node& node, const key_path& key,
                    findings& log) {
  if (node.IsMap())
    return map_json(node, key, log);
  if (node.IsSequence())
    return list_json(node, key, log);
  return node.IsScalar() ? scalar_json(node, key, log) : "null";
}

} // namespace wsrelay
