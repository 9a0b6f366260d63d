#include "tools/bench/options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <utility>

namespace wsrelay::bench {

namespace {

constexpr std::array<const char*, 4> mode_names{"echo", "fanout", "idle",
                                                "handshake"};
constexpr std::uint64_t max_size = 1ull << 30;
constexpr double max_seconds = 24 * 3600;

// What the command line says before it is an `options`.
struct raw_options {
  std::string url;
  std::string mode = "echo";
  std::string origin;
  double duration = 10;
  double warmup = 1;
  bool binary = false;
};

bool is_field_line(const std::string& line) {
  auto colon = line.find(':');
  auto is_bad = [](unsigned char c) { return c < 0x20 && c != '\t'; };
  return colon != std::string::npos && colon > 0 && line.find(' ') > colon
         && std::none_of(line.begin(), line.end(), is_bad);
}

CLI::Validator field_line() {
  auto check = [](std::string& line) {
    return is_field_line(line) ? std::string{}
                               : fmt::format("not 'Name: value': {}", line);
  };
  return {check, "FIELD"};
}

CLI::Validator seconds() {
  std::map<std::string, double> units{
      {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
  return CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE,
                               "TIME");
}

void add_load(CLI::App& app, options& out, raw_options& raw) {
  app.add_option("url", raw.url,
                 "ws[s]://HOST[:PORT][/PATH]; certificates are not verified")
      ->required();
  app.add_option("--mode", raw.mode, "echo, fanout, idle or handshake")
      ->check(CLI::IsMember({"echo", "fanout", "idle", "handshake"}))
      ->capture_default_str();
  app.add_option("--connections", out.connections, "connections")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  app.add_option("--outstanding", out.outstanding,
                 "echo: messages a connection has under way")
      ->check(CLI::Range(1u, 65536u))
      ->capture_default_str();
  app.add_option("--size", out.size, "bytes of a message, also 16KiB")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(std::uint64_t{0}, max_size))
      ->capture_default_str();
  app.add_option("--rate", out.rate,
                 "echo, fanout: messages sent per second in all; latency then "
                 "counts from when a message was due (0 = unpaced)")
      ->check(CLI::Range(0.0, 1e9));
  app.add_option("--ramp", out.ramp,
                 "connections opened per second (0 = 256 at a time)")
      ->check(CLI::Range(0.0, 1e9));
  auto* text = app.add_flag("--text", out.text, "text messages");
  app.add_flag("--binary", raw.binary, "binary messages (the default)")
      ->excludes(text);
  auto* verify =
      app.add_flag("--verify", out.verify,
                   "messages differ, every received byte is compared");
  app.add_flag("--deflate", out.deflate,
               "JSON by permessage-deflate; --size is that of the JSON")
      ->excludes(verify);
}

void add_rest(CLI::App& app, options& out, raw_options& raw) {
  app.add_option("--duration", raw.duration, "time to measure: 500ms, 10s, 2m")
      ->transform(seconds())
      ->check(CLI::Range(0.001, max_seconds))
      ->default_str("10s");
  app.add_option("--warmup", raw.warmup,
                 "time before it; with --messages 0s unless given")
      ->transform(seconds())
      ->check(CLI::Range(0.0, max_seconds))
      ->default_str("1s");
  app.add_option("--messages", out.messages,
                 "end after so many messages (handshakes); the duration is "
                 "then unlimited unless given")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
  app.add_option("--server-pid", out.server_pid,
                 "server on this machine: reports its CPU time and memory")
      ->check(CLI::PositiveNumber);
  app.add_option("--header", out.headers, "'Name: value' for the request")
      ->check(field_line())
      ->type_size(1)
      ->allow_extra_args(false);
  app.add_option("--origin", raw.origin, "Origin of the request");
  app.add_flag("--json", out.json, "report as one JSON object on stdout");
  app.add_flag("--quiet", out.quiet, "no progress on stderr");
}

std::uint64_t to_ns(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

mode to_mode(const std::string& name) {
  auto at = std::find(mode_names.begin(), mode_names.end(), name);
  return static_cast<mode>(at - mode_names.begin());
}

// Returns what is wrong with options that are right one by one.
std::string check(const options& opts) {
  bool sends = opts.mode == mode::echo || opts.mode == mode::fanout;
  if (opts.rate > 0 && !sends)
    return "--rate needs --mode echo or fanout";
  if (opts.outstanding > 1 && opts.mode != mode::echo)
    return "--outstanding needs --mode echo";
  if (opts.deflate && opts.mode == mode::fanout)
    return "--deflate does not go with --mode fanout";
  if (opts.messages > 0 && opts.mode == mode::idle)
    return "--messages does not go with --mode idle";
  if (opts.server_pid != 0 && kill(opts.server_pid, 0) != 0 && errno == ESRCH)
    return fmt::format("--server-pid: no process {}", opts.server_pid);
  return {};
}

// Takes over what needs converting. Returns what is wrong, or nothing.
std::string finish(const CLI::App& app, const raw_options& raw, options& out) {
  out.mode = to_mode(raw.mode);
  out.duration = to_ns(raw.duration);
  out.warmup = to_ns(raw.warmup);
  if (out.messages > 0 && app.count("--warmup") == 0)
    out.warmup = 0;
  if (out.messages > 0 && app.count("--duration") == 0)
    out.duration = to_ns(max_seconds);
  if (!raw.origin.empty())
    out.headers.push_back("Origin: " + raw.origin);
  if (auto error = parse_url(raw.url, out.target); !error.empty())
    return error;
  return check(out);
}

} // namespace

const char* to_text(mode value) noexcept {
  return mode_names[static_cast<std::size_t>(value)];
}

std::variant<options, early_exit> parse_options(std::vector<std::string> args) {
  options out;
  raw_options raw;
  CLI::App app{"Load generator for WebSocket servers.", "wsrelay-bench"};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  add_load(app, out, raw);
  add_rest(app, out, raw);
  try {
    // CLI11 takes the arguments from the back.
    std::reverse(args.begin(), args.end());
    app.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    return early_exit{0, app.help()};
  } catch (const CLI::ParseError& error) {
    return early_exit{2, error.what()};
  }
  if (auto error = finish(app, raw, out); !error.empty())
    return early_exit{2, error};
  return out;
}

} // namespace wsrelay::bench
