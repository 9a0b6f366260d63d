// Looks at the key's own text, and at the keys below it.
#include "config/key_hints.hpp"

#include "config/nearest.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wsrelay {

namespace {

constexpr std::string_view option_prefix = "wsrelay.";

constexpr std::string_view command_keys[] = {
    "target_pid",      "message_topic", "heartbeat_interval",
    "metadata",        "limit_key",     "limit_max",
    "report_overflow", "state",         "groups",
    "headers",         "query"};

/// "max_message_size" and "wsrelay.max.message.size" have the same letters.
std::string letters_of(std::string_view option) {
  auto prefix = option_prefix.substr(0, option_prefix.size() - 1);
  if (option.starts_with(prefix))
    option.remove_prefix(prefix.size());
  std::string out;
  std::copy_if(option.begin(), option.end(), std::back_inserter(out),
               [](char c) { return c != '.' && c != '_' && c != '-'; });
  return out;
}

/// Returns the keys down to the first value that is no map, joined by dots.
std::string flat_name(std::string_view key, const YAML::Node& value) {
  std::string out{key};
  auto below = value;
  while (below.IsMap() && below.size() > 0 && below.begin()->first.IsScalar()) {
    auto first = *below.begin();
    out += '.' + first.first.Scalar();
    below.reset(first.second);
  }
  return out;
}

} // namespace

std::string write_in(std::string_view parent, std::string_view key,
                     const YAML::Node& value) {
  std::string text = "...";
  if (value.IsScalar() && !value.Scalar().empty())
    text = shown(value.Scalar());
  if (value.IsScalar() && value.Tag() == "!") // yaml-cpp: it has quotes
    text = json_string(text);
  return fmt::format("write {}: {{{}: {}}}", shown(parent), shown(key), text);
}

std::string hint_for_entry(std::string_view key, const YAML::Node& value,
                           const word_set& known) {
  auto is_option = key.starts_with(option_prefix);
  if (is_option && known.count("post_options") > 0)
    return ", " + write_in("post_options", key, value);
  auto is_command =
      std::find(std::begin(command_keys), std::end(command_keys), key)
      != std::end(command_keys);
  return is_command && known.count("relay") > 0
             ? ", " + write_in("relay", key, value)
             : "";
}

std::string hint_for_option(std::string_view key, const YAML::Node& value,
                            const word_set& known) {
  auto name = flat_name(key, value);
  auto letters = letters_of(name);
  auto meant = std::find_if(known.begin(), known.end(), [&](auto& each) {
    return letters_of(each) == letters;
  });
  auto is_nested = value.IsMap();
  if (meant == known.end() && !is_nested)
    return "";
  auto guess = meant != known.end() ? *meant : nearest(name, known);
  if (!is_nested)
    return fmt::format(", did you mean {}?", guess);
  return fmt::format(": options are flat, write \"{}: ...\"",
                     shown(guess.empty() ? name : guess));
}

} // namespace wsrelay
