// What reading one file finds: the errors, and the line of every key, so that
// later checks, which know no lines, are reported at the right one.
#pragma once

#include "config/load.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// Errors that are reported; beyond them only their number is.
inline constexpr std::size_t max_reported_errors = 1000;

/// A key of a file: the line of its entry and its path. Two entries of
/// different kinds may have the same name.
using key_path = std::pair<int, std::string>;

/// Collects the findings of one file.
class findings {
public:
  explicit findings(std::string_view file) : file_{file} {}

  /// Records an error of `key`, which stands in `line` (0 = unknown).
  void fail(const key_path& key, int line, std::string text);

  /// Remembers that `key` stands in `line`.
  void locate(key_path key, int line);

  /// Records what a check found that knows the entry's line only, unless the
  /// key or one above it has an error already.
  void fail_later(config_issue issue);

  /// Returns the line of `key` or of the closest key above it that is located;
  /// `otherwise` when none is.
  int line_of(key_path key, int otherwise) const;

  /// Moves `issue` to the line of its key.
  config_issue place(config_issue issue) const;

  /// Returns the errors in the order of their lines.
  std::vector<config_issue> take_errors();

  /// Returns whether a key of the entry in this line has an error.
  bool has_failed_in(int line) const;

  /// Returns whether the key or one above it has an error.
  bool has_failed(key_path key) const;

private:
  void push(config_issue issue);

  std::string file_;
  std::vector<config_issue> errors_;
  std::size_t unreported_ = 0;
  std::set<key_path> failed_;
  std::map<key_path, int> lines_;
};

/// Returns `text` for use in a report: cut when it is long.
std::string shown(std::string_view text);

} // namespace wsrelay
