// A log that a test can read.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string>
#include <vector>

namespace wsrelay::test {

/// Keeps what lines say, without their prefix.
struct line_sink final : spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& line) override {
    lines.emplace_back(line.payload.data(), line.payload.size());
  }
  void flush_() override {}
  std::vector<std::string> lines;
};

} // namespace wsrelay::test
