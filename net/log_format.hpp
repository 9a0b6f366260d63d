// How a line of the log looks.
#pragma once

#include <spdlog/formatter.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace wsrelay {

enum class log_format : std::uint8_t {
  text,    // "[2026-01-31T12:00:00.000+01:00] [http] [info] hello: .."
  json,    // an object a line
  journal, // for systemd: "<6>[http] request refused: ..", the journal has time
};

/// Returns the format of this name.
std::optional<log_format> parse_log_format(std::string_view name) noexcept;

/// Returns whether systemd's journal reads what is written to a descriptor
/// (systemd.exec(5), JOURNAL_STREAM).
bool is_journal(int fd) noexcept;

/// Makes the formatter of a format. JSON has `time` (RFC 3339, with the zone),
/// `level`, `part`, `message`, and what stands behind the message as
/// "key=value" as members; a line that does not fit is cut within its message.
std::unique_ptr<spdlog::formatter> make_log_formatter(log_format format);

} // namespace wsrelay
