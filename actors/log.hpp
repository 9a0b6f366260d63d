// Where wsrelay logs: one logger, silent until a program gives it a sink. The
// formatting is done once, in log.cpp: spdlog's own templates cost seconds in
// every file that logs.
#pragma once

#include <fmt/core.h>
#include <spdlog/common.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wsrelay {

/// What a line is about; each has a level of its own.
enum class log_part : std::uint8_t {
  node,       // the process: its start, its end, its loops
  http,       // requests, listeners, certificates, upstreams
  connection, // WebSockets and their targets
  cluster,    // other nodes, names
  access,     // a line for each request; off unless it is asked for
  caf,        // what CAF prints
};

inline constexpr std::size_t log_part_count = 6;

std::string_view to_text(log_part part) noexcept;
std::optional<log_part> parse_log_part(std::string_view name) noexcept;

/// Returns the level of this name, as the command line writes it.
std::optional<spdlog::level::level_enum>
parse_log_level(std::string_view name) noexcept;
std::string_view to_text(spdlog::level::level_enum level) noexcept;

/// Sets and returns what is logged of a part. Any thread, at any time.
void set_log_level(log_part part, spdlog::level::level_enum level) noexcept;
spdlog::level::level_enum log_level(log_part part) noexcept;

/// Formats and writes a line, if its level is wanted. Never throws: a line that
/// cannot be made is left out. Any thread.
class logger {
public:
  explicit constexpr logger(log_part part) noexcept : part_{part} {}

  /// Returns whether a line of this level would be written.
  bool is_wanted(spdlog::level::level_enum level) const noexcept {
    return level >= log_level(part_);
  }

  template <class... Ts>
  void debug(fmt::format_string<Ts...> format, const Ts&... values) const {
    log(spdlog::level::debug, format, values...);
  }

  template <class... Ts>
  void info(fmt::format_string<Ts...> format, const Ts&... values) const {
    log(spdlog::level::info, format, values...);
  }

  template <class... Ts>
  void warn(fmt::format_string<Ts...> format, const Ts&... values) const {
    log(spdlog::level::warn, format, values...);
  }

  template <class... Ts>
  void error(fmt::format_string<Ts...> format, const Ts&... values) const {
    log(spdlog::level::err, format, values...);
  }

  template <class... Ts>
  void log(spdlog::level::level_enum level, fmt::format_string<Ts...> format,
           const Ts&... values) const {
    if (is_wanted(level))
      write(level, format, fmt::make_format_args(values...));
  }

private:
  void write(spdlog::level::level_enum level, fmt::string_view format,
             fmt::format_args values) const noexcept;

  log_part part_;
};

/// Returns the logger of a part.
inline logger log(log_part part = log_part::node) {
  return logger{part};
}

/// Returns how many lines nobody got, as sinks count them. Any thread.
std::uint64_t lost_log_lines() noexcept;
void count_lost_log_lines(std::uint64_t count) noexcept;

/// Replaces the sink, and sets the level of each part but `access`. Call it
/// before other threads log. They log from loops,
/// and call the sink where they are: it must not block (net/log_output.hpp has
/// one that never does).
void set_log_sink(spdlog::sink_ptr sink, spdlog::level::level_enum level);

} // namespace wsrelay
