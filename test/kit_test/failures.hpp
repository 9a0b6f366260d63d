// What a failed expectation says, for tests of expectations.
#pragma once

#include "test/kit/expectation.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

/// Returns the text of the failure of `expectations`; "" when they are met.
template <class Function>
std::string failure_of(Function expectations) {
  auto before = on_failure({});
  std::string result;
  try {
    expectations();
  } catch (const expectation_failed& failure) {
    result = failure.text();
  }
  on_failure(std::move(before));
  return result;
}

/// Keeps the texts of failures, which then are none, for as long as it lives.
struct kept_failures {
  std::vector<std::string> texts;
  failure_handler before = on_failure(
      [this](const auto& failure) { texts.push_back(failure.text()); });

  kept_failures() = default;
  ~kept_failures() { on_failure(std::move(before)); }

  kept_failures(const kept_failures&) = delete;
  kept_failures& operator=(const kept_failures&) = delete;
};

} // namespace wsrelay::test
