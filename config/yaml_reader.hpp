// Typed access to YAML that records what is wrong with a value. Knows how
// values are written, not what the keys mean.
#pragma once

#include "config/fields.hpp"
#include "config/findings.hpp"
#include "config/parse_yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// Converts a value to compact JSON: plain scalars by YAML's core schema (YAML
/// 1.2.2 section 10.3.2), quoted ones to strings. `node` comes from
/// `parse_yaml`, which bounds it. Errors are recorded below `key`; then the
/// text is not usable.
std::string to_json(const YAML::Node& node, const key_path& key, findings& log);

/// Returns the key and "", or both parts of a key "path:/x" without a value,
/// which lacks the space behind its colon.
std::pair<std::string_view, std::string_view>
split_key(std::string_view key, const YAML::Node& value);

using word_set = std::set<std::string, std::less<>>;

/// Returns what to do about an unknown key with this value, where others are
/// known, or "".
using key_hint = std::function<std::string(
    std::string_view key, const YAML::Node& value, const word_set& known)>;

/// A map. An accessor returns nothing when the key is absent or its value is
/// bad, which is recorded. Every key that is asked for is a known one.
class yaml_map {
public:
  /// Opens `node`, which stands at `key`, and records keys that are there twice
  /// or that are not text. Anything but a map is an error, and then empty.
  yaml_map(const YAML::Node& node, key_path key, int line, findings& log);

  bool has(std::string_view key);

  /// Returns whether the value is the word "off".
  bool is_off(std::string_view key);

  /// A scalar, quoted or not.
  std::optional<std::string> text(std::string_view key);

  /// A whole number in `range`; KiB, MiB and GiB when it counts bytes.
  std::optional<std::uint64_t> number(std::string_view key, number_range range);

  /// A duration in the notation of `parse_duration`. What is wrong ends with
  /// `otherwise`, such as " or off".
  std::optional<std::chrono::milliseconds>
  duration(std::string_view key, std::string_view otherwise = "");

  /// true or false.
  std::optional<bool> flag(std::string_view key);

  /// One of these words; returns its place.
  std::optional<std::size_t> choice(std::string_view key, choice_words words);

  /// A list of scalars; empty when the key is absent.
  std::vector<std::string> texts(std::string_view key);

  /// Returns whether the value is a list.
  bool is_list(std::string_view key);

  /// Returns whether an error of `key`, of an item, say, was recorded.
  bool has_failed(std::string_view key) const;

  /// The same, or one scalar.
  std::vector<std::string> text_or_texts(std::string_view key);

  /// A map below `key`; empty when the key is absent.
  yaml_map child(std::string_view key);

  /// A list of maps; empty when the key is absent.
  std::vector<yaml_map> children(std::string_view key);

  /// A map below `key` as JSON text.
  std::optional<std::string> json(std::string_view key);

  /// Records an error of `key`, of an item ("key[0]"), or of the whole map when
  /// `key` is empty.
  void fail(std::string_view key, std::string text);

  /// Returns the text at `key`, which belongs into the map at `parent`: that is
  /// recorded. Nothing when it does not stand here.
  std::optional<std::string> misplaced(std::string_view key,
                                       std::string_view parent);

  /// Records an error for each key that was not asked for. What `hint` has
  /// nothing for gets the nearest known key that is not there.
  void refuse_unknown(const key_hint& hint = {});

private:
  yaml_map(key_path key, int line, findings& log);

  void add(const YAML::Node& key, const YAML::Node& value);
  std::string advice(std::string_view key, const YAML::Node& value,
                     const key_hint& hint, word_set& offered) const;
  const YAML::Node* find(std::string_view key);
  const YAML::Node* find_list(std::string_view key);
  key_path key_of(std::string_view key) const;

  key_path key_;
  int line_; // of what has no line of its own
  findings* log_;
  std::map<std::string, YAML::Node, std::less<>> members_;
  word_set known_;
};

} // namespace wsrelay
