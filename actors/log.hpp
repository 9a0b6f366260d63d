// Where wsrelay logs: one logger, silent until a program gives it a sink. The
// formatting is done once, in log.cpp: spdlog's own templates cost seconds in
// every file that logs.
#pragma once

#include <fmt/core.h>
#include <spdlog/common.h>

namespace wsrelay {

/// Formats and writes a line, if its level is wanted. Never throws: a line that
/// cannot be made is left out. Any thread.
class logger {
public:
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
    write(level, format, fmt::make_format_args(values...));
  }

private:
  static void write(spdlog::level::level_enum level, fmt::string_view format,
                    fmt::format_args values) noexcept;
};

/// Returns the logger.
inline logger log() {
  return {};
}

/// Replaces the sink. Call it before other threads log. They log from loops,
/// and call the sink where they are: it must not block (net/log_output.hpp has
/// one that never does).
void set_log_sink(spdlog::sink_ptr sink, spdlog::level::level_enum level);

} // namespace wsrelay
