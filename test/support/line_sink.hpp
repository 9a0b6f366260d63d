// A log that a test can read.
#pragma once

#include "actors/log.hpp"

#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::test {

/// Keeps what lines say, without their prefix.
struct line_sink final : spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& line) override {
    lines.emplace_back(line.payload.data(), line.payload.size());
  }
  void flush_() override {}

  /// Returns whether a line has this in it. While others may write.
  bool has(std::string_view part) {
    std::lock_guard guard{mutex_};
    for (auto& line : lines)
      if (line.find(part) != line.npos)
        return true;
    return false;
  }

  /// Returns how many lines do.
  std::size_t count(std::string_view part) {
    std::lock_guard guard{mutex_};
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](auto& line) {
          return line.find(part) != line.npos;
        }));
  }

  std::vector<std::string> lines;
};

/// The log goes to `sink` for as long as this lives, and nowhere after it.
struct captured_log {
  captured_log() { set_log_sink(sink, spdlog::level::info); }

  ~captured_log() {
    set_log_sink(std::make_shared<line_sink>(), spdlog::level::off);
  }

  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;

  const std::shared_ptr<line_sink> sink = std::make_shared<line_sink>();
};

} // namespace wsrelay::test
