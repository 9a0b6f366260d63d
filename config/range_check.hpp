// Checks the members that fields.hpp lists.
#pragma once

#include "config/check_entry.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wsrelay {

/// Visits members and reports those that are out of range; `prefix` goes before
/// each key.
class range_check {
public:
  explicit range_check(entry_report& report, std::string_view prefix = "")
      : report_{report}, prefix_{prefix} {}

  void operator()(std::string_view key, std::uint64_t value,
                  number_range range);

  void operator()(std::string_view key, std::chrono::milliseconds value);

  void operator()(std::string_view key,
                  const std::optional<std::chrono::milliseconds>& value);

  void operator()(std::string_view, bool) {}

  template <class Enum>
  void operator()(std::string_view, Enum, choice_words) {}

private:
  entry_report& report_;
  std::string_view prefix_;
};

} // namespace wsrelay
