// Where wsrelay logs: one logger, silent until a program gives it a sink.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string_view>

namespace wsrelay {

/// Returns the logger. Any thread.
spdlog::logger& log();

/// Replaces the sink. Call it before other threads log.
void set_log_sink(spdlog::sink_ptr sink, spdlog::level::level_enum level);

} // namespace wsrelay
