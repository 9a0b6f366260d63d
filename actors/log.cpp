// The logger, on spdlog.
#include "actors/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

namespace wsrelay {

namespace {

spdlog::logger& backend() {
  static spdlog::logger instance{
      "wsrelay", std::make_shared<spdlog::sinks::null_sink_mt>()};
  return instance;
}

} // namespace

void logger::write(spdlog::level::level_enum level, fmt::string_view format,
                   fmt::format_args values) {
  if (backend().should_log(level))
    backend().log(level, spdlog::string_view_t{fmt::vformat(format, values)});
}

void set_log_sink(spdlog::sink_ptr sink, spdlog::level::level_enum level) {
  backend().sinks() = {std::move(sink)};
  backend().set_level(level);
  backend().flush_on(level);
}

} // namespace wsrelay
