// The log of a program that embeds a node, to a descriptor: it never holds
// whoever logs; what the reader of the log does is no matter of the node's.
#pragma once

#include <spdlog/common.h>

#include <unistd.h> // STDERR_FILENO

#include <chrono>
#include <cstddef>

namespace wsrelay {

/// The limits of a log output.
struct log_output_options {
  /// Lines that wait for a slow reader at most; the oldest go first.
  std::size_t max_lines = 4096;

  /// How long its end may take to write what waits.
  std::chrono::milliseconds patience{1000};
};

/// Bytes of a line at most, its end included; a longer one is cut. A pipe takes
/// as many in one piece, not mixed with what other processes write.
inline constexpr std::size_t max_log_line = 4096;

/// Makes a sink that writes to a descriptor, which stays the caller's: a file,
/// a pipe, a socket or a terminal (with colours). A thread of its own writes;
/// to log takes no system call but its waking, and memory only for lines longer
/// than those before. Lines are lost when the queue is full, or when the write
/// fails (the reader of the pipe is gone, the disk is full); once writing works
/// again a line tells how many: "log lines lost: count=12". Control characters
/// appear as \xNN, so that a line is a line. The thread takes no signals. When
/// the sink ends, it writes what waits, at most for the patience.
/// Throws `std::system_error` when the thread cannot be started.
spdlog::sink_ptr make_log_output(int fd, log_output_options options = {});

/// Logs to a descriptor from now on, in this way: `log_to(STDERR_FILENO)`. All
/// parts but `access` have this level. Call it before other threads log; once
/// is enough, a second call takes the place of the first.
/// Throws `std::system_error` when the thread cannot be started.
void log_to(int fd, spdlog::level::level_enum level = spdlog::level::info);

} // namespace wsrelay
