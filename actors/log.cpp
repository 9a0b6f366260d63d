// The logger, on spdlog.
#include "actors/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <iterator>

namespace wsrelay {

namespace {

// spdlog's own answer to a sink that fails is a line on standard error, which
// may block.
struct backend_logger : spdlog::logger {
  backend_logger()
      : logger{"wsrelay", std::make_shared<spdlog::sinks::null_sink_mt>()} {
    set_error_handler([](const std::string&) {});
  }
};

spdlog::logger& backend() {
  static backend_logger instance;
  return instance;
}

} // namespace

void logger::write(spdlog::level::level_enum level, fmt::string_view format,
                   fmt::format_args values) noexcept {
  if (!backend().should_log(level))
    return;
  try {
    fmt::memory_buffer text; // most lines fit without memory of the heap
    fmt::vformat_to(std::back_inserter(text), format, values);
    backend().log(level, spdlog::string_view_t{text.data(), text.size()});
  } catch (...) {
    // No memory. Whoever logs has something better to do.
  }
}

void set_log_sink(spdlog::sink_ptr sink, spdlog::level::level_enum level) {
  backend().sinks() = {std::move(sink)};
  backend().set_level(level);
  backend().flush_on(level);
}

} // namespace wsrelay
