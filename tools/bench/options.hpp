// The command line of wsrelay-bench.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <sys/types.h>

namespace wsrelay::bench {

/// What the connections do.
enum class mode {
  echo,      // every connection sends and awaits its own messages back
  fanout,    // the first connection sends, every connection receives
  idle,      // connections are opened and held
  handshake, // connections are opened, used once and closed, over and over
};

/// Returns the name of `value` on the command line.
const char* to_text(mode value) noexcept;

/// A `ws://` or `wss://` URL in its parts. `host` has no brackets, `path` its
/// query.
struct url {
  std::string text;
  bool tls = false;
  std::string host;
  std::string port = "80";
  std::string path = "/";
};

/// Reads `text` into `out`. Returns what is wrong, or nothing.
std::string parse_url(const std::string& text, url& out);

/// What to measure. Times are in nanoseconds.
struct options {
  url target;
  bench::mode mode = bench::mode::echo;
  std::uint32_t connections = 100;
  std::uint32_t outstanding = 1;
  std::uint64_t size = 125;
  std::uint64_t duration = 10'000'000'000;
  std::uint64_t warmup = 1'000'000'000;
  /// Messages (handshakes) after which the measurement ends, 0 = by duration.
  std::uint64_t messages = 0;
  /// Messages sent per second by all connections together, 0 = unpaced.
  double rate = 0;
  /// Connections opened per second, 0 = as fast as possible.
  double ramp = 0;
  bool text = false;
  /// JSON, compressed once, offered as permessage-deflate without takeover.
  bool deflate = false;
  bool verify = false;
  bool json = false;
  bool quiet = false;
  /// The server to take CPU time and memory of, 0 = none.
  pid_t server_pid = 0;
  /// Lines for the upgrade request, "Name: value".
  std::vector<std::string> headers;
};

/// The program ends without a measurement: `code` 0 after --help, else 2.
struct early_exit {
  int code = 2;
  std::string text;
};

/// Reads the arguments (without the program's name).
std::variant<options, early_exit> parse_options(std::vector<std::string> args);

} // namespace wsrelay::bench
