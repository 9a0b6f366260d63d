// Why there is no connection to another node, in words that say which setting
// to look at.
#pragma once

#include <boost/system/error_code.hpp>

#include <openssl/types.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace wsrelay {

/// Returns whether the other side has ended the connection, or its program.
bool is_end_of_stream(const boost::system::error_code& ec);

/// Returns OpenSSL's own text and what it means between nodes; `tls` is where
/// it happened. Other errors have the system's text.
std::string tls_reason(const boost::system::error_code& ec, const SSL* tls);

/// The other side has not said who it is in time; `received` bytes have come.
std::string late_reason(std::chrono::seconds limit, std::size_t received);

/// The other side has ended the connection before it had said who it is.
std::string early_end_reason(std::size_t received);

/// The other side was silent for so long.
std::string silence_reason(std::chrono::nanoseconds silence,
                           std::chrono::nanoseconds limit);

/// The other side lives, and has taken nothing of what waits for so long.
std::string stall_reason(std::chrono::nanoseconds stalled,
                         std::chrono::nanoseconds limit);

/// The other side takes less than it is sent: so many bytes wait.
std::string overflow_reason(std::size_t waiting);

/// Returns the line of the log: `what`, "node lost" say, where the node is, its
/// `name` unless that is "", and `why`.
std::string end_line(std::string_view what, std::string_view address,
                     std::string_view name, std::string_view why);

/// What goes behind a reset by the other side, which this node, whose
/// heartbeats come every `interval`, has sent nothing for `silence`: "" when
/// that is short.
std::string reset_reason(std::chrono::nanoseconds silence,
                         std::chrono::nanoseconds interval);

} // namespace wsrelay
