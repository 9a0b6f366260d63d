// The logger, on spdlog.
#include "actors/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

namespace wsrelay {

namespace {

using spdlog::level::level_enum;

constexpr std::array<std::string_view, log_part_count> part_names{
    "node", "http", "connection", "cluster", "access", "caf"};

constexpr std::array<std::pair<std::string_view, level_enum>, 5> level_names{
    {{"debug", spdlog::level::debug},
     {"info", spdlog::level::info},
     {"warning", spdlog::level::warn},
     {"error", spdlog::level::err},
     {"off", spdlog::level::off}}};

// spdlog's own answer to a sink that fails is a line on standard error, which
// may block.
struct part_logger : spdlog::logger {
  explicit part_logger(std::string_view name)
      : logger{std::string{name},
               std::make_shared<spdlog::sinks::null_sink_mt>()} {
    set_error_handler([](const std::string&) {});
    set_level(spdlog::level::trace); // what is wanted is decided before
  }
};

struct all_loggers {
  std::array<std::unique_ptr<part_logger>, log_part_count> parts;

  all_loggers() {
    for (std::size_t i = 0; i < log_part_count; ++i)
      parts[i] = std::make_unique<part_logger>(part_names[i]);
  }
};

all_loggers& backend() {
  static all_loggers instance;
  return instance;
}

std::size_t place_of(log_part part) noexcept {
  return static_cast<std::size_t>(part);
}

// Silent until there is a sink.
struct part_levels {
  std::array<std::atomic<level_enum>, log_part_count> of;

  part_levels() {
    for (auto& each : of)
      each = spdlog::level::off;
  }
};

part_levels& levels() noexcept {
  static part_levels instance;
  return instance;
}

std::atomic<std::uint64_t> lost_lines{0};

} // namespace

std::string_view to_text(log_part part) noexcept {
  return part_names[place_of(part)];
}

std::optional<log_part> parse_log_part(std::string_view name) noexcept {
  auto found = std::find(part_names.begin(), part_names.end(), name);
  if (found == part_names.end())
    return std::nullopt;
  return static_cast<log_part>(found - part_names.begin());
}

std::optional<level_enum> parse_log_level(std::string_view name) noexcept {
  for (auto& [known, level] : level_names)
    if (known == name)
      return level;
  return std::nullopt;
}

std::string_view to_text(level_enum level) noexcept {
  for (auto& [name, known] : level_names)
    if (known == level)
      return name;
  return "debug";
}

void set_log_level(log_part part, level_enum level) noexcept {
  levels().of[place_of(part)] = level;
}

level_enum log_level(log_part part) noexcept {
  return levels().of[place_of(part)].load(std::memory_order_relaxed);
}

void logger::write(level_enum level, fmt::string_view format,
                   fmt::format_args values) const noexcept {
  try {
    fmt::memory_buffer text; // most lines fit without memory of the heap
    fmt::vformat_to(std::back_inserter(text), format, values);
    backend().parts[place_of(part_)]->log(
        level, spdlog::string_view_t{text.data(), text.size()});
  } catch (...) {
    // No memory. Whoever logs has something better to do.
  }
}

std::uint64_t lost_log_lines() noexcept {
  return lost_lines;
}

void count_lost_log_lines(std::uint64_t count) noexcept {
  lost_lines += count;
}

void set_log_sink(spdlog::sink_ptr sink, level_enum level) {
  for (std::size_t i = 0; i < log_part_count; ++i) {
    auto& each = *backend().parts[i];
    each.sinks() = {sink};
    each.flush_on(level);
    if (static_cast<log_part>(i) != log_part::access)
      set_log_level(static_cast<log_part>(i), level);
  }
}

} // namespace wsrelay
