// Where wsrelay logs: one logger, silent until a program gives it a sink. The
// formatting is done once, in log.cpp: spdlog's own templates cost seconds in
// every file that logs.
#pragma once

#include <fmt/core.h>
#include <spdlog/common.h>

namespace wsrelay {

/// Formats and writes a line, if its level is wanted. Any thread.
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
                    fmt::format_args values);
};

/// Returns the logger.
inline logger log() {
  return {};
}

/// Replaces the sink. Call it before other threads log.
void set_log_sink(spdlog::sink_ptr sink, spdlog::level::level_enum level);

} // namespace wsrelay
