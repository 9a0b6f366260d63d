// The logger.
#include "actors/log.hpp"

#include <spdlog/sinks/null_sink.h>

namespace wsrelay {

spdlog::logger& log() {
  static spdlog::logger instance{
      "wsrelay", std::make_shared<spdlog::sinks::null_sink_mt>()};
  return instance;
}

void set_log_sink(spdlog::sink_ptr sink, spdlog::level::level_enum level) {
  log().sinks() = {std::move(sink)};
  log().set_level(level);
  log().flush_on(level);
}

} // namespace wsrelay
