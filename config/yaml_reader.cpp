// Reads typed values from maps.
#include "config/yaml_reader.hpp"

#include "config/key_hints.hpp"
#include "config/nearest.hpp"
#include "config/size_text.hpp"
#include "protocol/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace wsrelay {

namespace {

std::string must_be(std::string_view wanted, const YAML::Node& node) {
  return fmt::format("must be {}, not {}", wanted, type_text(node));
}

// "path:/x" is text to YAML, and no key with its value.
std::string must_be_map(const YAML::Node& node) {
  auto is_glued =
      node.IsScalar() && node.Scalar().find(':') != std::string::npos;
  return must_be("a map", node)
         + (is_glued ? ": a space is missing behind a colon" : "");
}

} // namespace

std::pair<std::string_view, std::string_view>
split_key(std::string_view key, const YAML::Node& value) {
  auto colon = key.find(':');
  if (!value.IsNull() || colon == key.npos || colon == 0
      || colon + 1 == key.size())
    return {key, {}};
  return {key.substr(0, colon), key.substr(colon + 1)};
}

yaml_map::yaml_map(key_path key, int line, findings& log)
    : key_{std::move(key)}, line_{line}, log_{&log} {}

yaml_map::yaml_map(const YAML::Node& node, key_path key, int line,
                   findings& log)
    : yaml_map{std::move(key), line, log} {
  if (!node.IsMap()) {
    fail("", must_be_map(node));
    return;
  }
  for (const auto& item : node)
    add(item.first, item.second);
}

void yaml_map::add(const YAML::Node& key, const YAML::Node& value) {
  auto line = line_of(key);
  if (!key.IsScalar())
    return log_->fail(key_of("?"), line, "keys must be text");
  auto [name, rest] = split_key(key.Scalar(), value);
  log_->locate(key_of(name), line);
  if (!rest.empty())
    log_->fail(key_of(name), line, "a space is missing behind the colon");
  auto given = rest.empty() ? value : YAML::Node{std::string{rest}};
  if (!members_.emplace(name, given).second)
    log_->fail(key_of(name), line,
               name == "name" ? "the key is there twice: an entry begins with "
                                "\"- \" at the beginning of the line"
                              : "the key is there twice");
}

bool yaml_map::has(std::string_view key) {
  return find(key) != nullptr;
}

bool yaml_map::is_off(std::string_view key) {
  auto found = find(key);
  return found && found->IsScalar() && found->Scalar() == "off";
}

std::optional<std::string> yaml_map::text(std::string_view key) {
  auto found = find(key);
  if (!found)
    return std::nullopt;
  if (found->IsScalar())
    return found->Scalar();
  fail(key, must_be("text", *found));
  return std::nullopt;
}

std::optional<std::uint64_t> yaml_map::number(std::string_view key,
                                              number_range range) {
  auto value = text(key);
  if (!value)
    return std::nullopt;
  auto number = parse_number(*value, range);
  if (number)
    return *number;
  fail(key, number.error().what);
  return std::nullopt;
}

std::optional<std::chrono::milliseconds>
yaml_map::duration(std::string_view key, std::string_view otherwise) {
  auto value = text(key);
  if (!value)
    return std::nullopt;
  auto duration = parse_duration(*value);
  if (duration)
    return *duration;
  fail(key, fmt::format("{}{}: {}", duration.error().what, otherwise,
                        shown(*value)));
  return std::nullopt;
}

std::optional<bool> yaml_map::flag(std::string_view key) {
  auto value = text(key);
  if (!value || *value == "true" || *value == "false")
    return value ? std::optional{*value == "true"} : std::nullopt;
  fail(key, fmt::format("must be true or false, not {}", shown(*value)));
  return std::nullopt;
}

std::optional<std::size_t> yaml_map::choice(std::string_view key,
                                            choice_words words) {
  auto value = text(key);
  if (!value)
    return std::nullopt;
  auto found = std::find(words.begin(), words.end(), *value);
  if (found != words.end())
    return static_cast<std::size_t>(found - words.begin());
  fail(key, fmt::format("must be one of {}, not {}{}", fmt::join(words, ", "),
                        shown(*value), did_you_mean(*value, words)));
  return std::nullopt;
}

bool yaml_map::is_list(std::string_view key) {
  auto found = find(key);
  return found && found->IsSequence();
}

bool yaml_map::has_failed(std::string_view key) const {
  return log_->has_failed(key_of(key));
}

std::vector<std::string> yaml_map::text_or_texts(std::string_view key) {
  if (is_list(key))
    return texts(key);
  auto one = text(key);
  return one ? std::vector{*one} : std::vector<std::string>{};
}

std::vector<std::string> yaml_map::texts(std::string_view key) {
  std::vector<std::string> values;
  auto found = find_list(key);
  if (!found)
    return values;
  for (const auto& item : *found) {
    auto item_key = key_of(fmt::format("{}[{}]", key, values.size()));
    log_->locate(item_key, line_of(item));
    if (!item.IsScalar())
      log_->fail(item_key, line_of(item), must_be("text", item));
    values.push_back(item.IsScalar() ? item.Scalar() : "");
  }
  return values;
}

yaml_map yaml_map::child(std::string_view key) {
  auto found = find(key);
  if (!found)
    return {key_of(key), line_, *log_};
  return {*found, key_of(key), log_->line_of(key_of(key), line_), *log_};
}

std::vector<yaml_map> yaml_map::children(std::string_view key) {
  std::vector<yaml_map> values;
  auto found = find_list(key);
  if (!found)
    return values;
  for (const auto& item : *found) {
    auto item_key = key_of(fmt::format("{}[{}]", key, values.size()));
    log_->locate(item_key, line_of(item));
    values.push_back({item, item_key, line_of(item), *log_});
  }
  return values;
}

std::optional<std::string> yaml_map::json(std::string_view key) {
  auto found = find(key);
  if (!found)
    return std::nullopt;
  if (found->IsMap())
    return to_json(*found, key_of(key), *log_);
  fail(key, must_be("a map", *found));
  return std::nullopt;
}

void yaml_map::fail(std::string_view key, std::string text) {
  auto path = key_of(key);
  log_->fail(path, log_->line_of(path, line_), std::move(text));
}

std::optional<std::string> yaml_map::misplaced(std::string_view key,
                                               std::string_view parent) {
  for (const auto& spelled :
       {std::string{key}, fmt::format("{}.{}", parent, key)}) {
    auto found = members_.find(spelled);
    if (found == members_.end())
      continue;
    auto value = found->second;
    members_.erase(found);
    fail(spelled, fmt::format("belongs into {}: {}", parent,
                              write_in(parent, key, value)));
    return value.IsScalar() ? std::optional{value.Scalar()} : std::nullopt;
  }
  return std::nullopt;
}

void yaml_map::refuse_unknown(const key_hint& hint) {
  word_set offered; // what is there already, or was offered, is meant once
  for (const auto& [key, value] : members_)
    offered.insert(key);
  for (const auto& [key, value] : members_)
    if (known_.count(key) == 0)
      fail(key, "unknown key" + advice(key, value, hint, offered));
}

std::string yaml_map::advice(std::string_view key, const YAML::Node& value,
                             const key_hint& hint, word_set& offered) const {
  auto own = hint ? hint(key, value, known_) : "";
  if (!own.empty())
    return own;
  auto dot = std::min(key.find('.'), key.size());
  if (dot < key.size() && known_.count(key.substr(0, dot)) > 0)
    return ", " + write_in(key.substr(0, dot), key.substr(dot + 1), value);
  word_set free;
  std::copy_if(known_.begin(), known_.end(), std::inserter(free, free.end()),
               [&](auto& each) { return offered.count(each) == 0; });
  auto guess = nearest(key, free);
  if (!guess.empty()) {
    offered.insert(guess);
    return fmt::format(", did you mean {}?", guess);
  }
  auto present = nearest(key, known_);
  return !present.empty() && members_.count(present) > 0
             ? fmt::format(", and {} is there already", present)
             : "";
}

const YAML::Node* yaml_map::find(std::string_view key) {
  known_.emplace(key);
  auto i = members_.find(key);
  return i == members_.end() ? nullptr : &i->second;
}

// Null also where it is no list, which is recorded.
const YAML::Node* yaml_map::find_list(std::string_view key) {
  auto found = find(key);
  if (!found || found->IsSequence())
    return found;
  fail(key, must_be("a list", *found));
  return nullptr;
}

key_path yaml_map::key_of(std::string_view key) const {
  auto path =
      key.empty() ? key_.second : fmt::format("{}.{}", key_.second, shown(key));
  return {key_.first, path};
}

} // namespace wsrelay
