// wsrelayd: a relay node of its own. Wires everything, decides nothing.
#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "config/findings.hpp"
#include "net/log_descriptor.hpp"
#include "net/log_format.hpp"
#include "net/log_output.hpp"
#include "net/loop/passed_sockets.hpp"
#include "net/node.hpp"
#include "net/service_manager.hpp"
#include "protocol/json.hpp"
#include "tools/process/preflight.hpp"
#include "tools/process/printed_lines.hpp"
#include "tools/process/standard_streams.hpp"
#include "tools/targets/chat.hpp"
#include "tools/targets/echo.hpp"
#include "tools/targets/stage.hpp"
#include "tools/wsrelayd/checks.hpp"
#include "tools/wsrelayd/options.hpp"

#include <caf/actor_system.hpp>

#include <fmt/format.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/sink.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>

#include <unistd.h>

namespace {

using namespace wsrelay;

// How long whoever reads what is printed may keep the node waiting.
constexpr std::chrono::seconds print_patience{1};

void print(int fd, std::string_view text) {
  log_descriptor output{fd};
  output.give_up_at(std::chrono::steady_clock::now() + print_patience);
  static_cast<void>(output.write(text));
}

// How long a loop may take for a turn while the node counts as well: targets
// may hold one.
constexpr std::chrono::seconds patience{10};

// A line on standard error before there is a log, or beside it: who reads JSON
// there gets what the log would say, `words` and the reason.
std::string line_of(const daemon_options& options,
                    spdlog::level::level_enum level, std::string_view words,
                    std::string_view reason) {
  auto is_error = level == spdlog::level::err;
  if (options.log_format != "json")
    return fmt::format("{}: {}\n", is_error ? "error" : "warning", reason);
  auto text = fmt::format("{}: reason={}", words, json_string(reason));
  spdlog::details::log_msg message{"node", level, text};
  spdlog::memory_buf_t out;
  make_log_formatter(log_format::json)->format(message, out);
  return {out.data(), out.size()};
}

int complain(const daemon_options& options, std::string_view what) {
  print(STDERR_FILENO,
        line_of(options, spdlog::level::err, "wsrelayd failed", what));
  return 1;
}

// Returns whether there were errors.
bool report(const daemon_options& options, const loaded_config& loaded) {
  std::string text;
  for (auto& warning : loaded.warnings)
    text += line_of(options, spdlog::level::warn, "configuration warning",
                    to_text(warning));
  for (auto& error : loaded.errors)
    text += line_of(options, spdlog::level::err, "configuration refused",
                    to_text(error));
  print(STDERR_FILENO, text);
  return !loaded.errors.empty();
}

// What was asked for and could not be printed is a failure.
int printed(const daemon_options& options, int status) {
  auto problem = flush_standard_output();
  return problem.empty() ? status : complain(options, problem);
}

int check(const daemon_options& options) {
  auto& file = options.check_file;
  if (report(options, load_config_file(file, check_all)))
    return 1;
  fmt::print("{}: ok\n", file);
  return printed(options, 0);
}

std::string urls_text(const node& relay, const relay_config& config) {
  std::string result;
  auto out = std::back_inserter(result);
  for (auto& service : config.services)
    for (auto& url : relay.urls(service.name))
      fmt::format_to(out, "{} on {}\n",
                     service.is_derived ? "backends" : "listening", url);
  if (auto admin = relay.admin_url(); !admin.empty())
    fmt::format_to(out, "admin on {}\n", admin);
  for (auto& cluster : config.clusters)
    if (relay.cluster_port() != 0)
      fmt::format_to(out, "node {} listening on port {}\n", cluster.name,
                     relay.cluster_port());
  for (auto& files : config.statics)
    if (files.root == "builtin:demo"
        && relay.url(files.server).starts_with("http"))
      fmt::format_to(out, "open {}{} in two browser tabs\n",
                     relay.url(files.server), files.path);
  return result;
}

// A node that cannot be operated still serves.
void listen_for_operator(node& relay, const std::string& where) {
  if (where == "off")
    return;
  if (auto path = relay.listen_for_operator(where))
    log().info("operator socket: path={}", log_value(*path));
  else
    log().warn(
        "no operator socket: reason={}"
        " hint=\"it serves all the same; wsrelay needs --node or --admin\"",
        json_string(path.error().what + " (--operator-socket)"));
}

// What is wrong with a configuration as a whole: in the log line by line, for
// who has asked in one.
failure refuse(const std::vector<config_issue>& errors) {
  std::string all;
  for (auto& error : errors) {
    log().error("configuration refused: reason={}"
                " hint=\"nothing has changed; repair it, then wsrelay reload\"",
                json_string(to_text(error)));
    all += (all.empty() ? "" : "; ") + to_text(error);
  }
  return {all};
}

result<relay_config> read_again(const daemon_options& options) {
  auto loaded = load(options);
  for (auto& warning : loaded.warnings)
    log().warn("configuration warning: reason={}",
               json_string(to_text(warning)));
  if (!loaded.errors.empty())
    return refuse(loaded.errors);
  return std::move(loaded.config);
}

log_format format_of(const daemon_options& options, int fd) {
  if (auto format = parse_log_format(options.log_format))
    return *format;
  return is_journal(fd) ? log_format::journal : log_format::text;
}

void begin_to_log(const daemon_options& options) {
  auto output = make_log_output(STDERR_FILENO);
  output->set_formatter(make_log_formatter(format_of(options, STDERR_FILENO)));
  set_log_sink(std::move(output), *parse_log_level(options.log_level));
  if (options.access_log)
    set_log_level(log_part::access, spdlog::level::info);
}

// Its own targets, but for names that the configuration has targets for.
void put_targets(node& relay, caf::actor_system& system,
                 const relay_config& config) {
  auto put = [&](const char* name, auto behavior) {
    for (auto& each : config.targets)
      if (each.name == name)
        return;
    if (auto done = relay.put(name, system.spawn(behavior)); !done)
      log().error(
          "cannot register a target: reason={}"
          " hint=\"it serves without this target; rename what has its name\"",
          json_string(done.error().what));
  };
  put("echo", echo);
  put("chat", chat);
  if (asks(config, demo_handler)) // else it would be on each operator's list
    put(demo_handler, stage);
}

int serve(const daemon_options& options, const relay_config& config) {
  termination_signals signals;
  if (auto enough = check_resources(needs_of(config)); !enough)
    return complain(options, enough.error().what);
  begin_to_log(options);
  printed_lines caf_prints; // what it says is a part of the log
  system_config system_settings;
  system_settings.prepare(config);
  caf::actor_system system{system_settings};
  node relay{system, config};
  put_targets(relay, system, config);
  if (auto started = relay.start(); !started)
    return complain(options, started.error().what);
  for (auto& name : unclaimed_sockets(config))
    log().warn("nobody accepts at a socket that systemd has passed, no service "
               "has its addr: addr={} hint=\"give a service this addr, or take "
               "it out of the .socket unit\"",
               log_value("systemd:" + shown(name)));
  std::atomic<bool> is_ordered{false};
  relay.on_drain_order([&is_ordered] {
    is_ordered = true;
    termination_signals::raise();
  });
  relay.on_reload_order([options] { return read_again(options); });
  listen_for_operator(relay, options.operator_socket);
  print(STDOUT_FILENO, urls_text(relay, config));
  service_manager manager;
  manager.ready(relay.url(),
                [&relay] { return relay.is_responsive(patience); });
  auto signal = signals.wait([&] {
    log().info("SIGHUP: the configuration is read again");
    manager.reload([&relay] { relay.order_reload(); });
  });
  manager.will_stop();
  if (signal == SIGTERM && (options.drain == "on" || is_ordered))
    relay.drain([&signals] { return signals.again(); });
  manager.stopping();
  relay.stop();
  log().info("stopped");
  return 0;
}

int run(const daemon_options& options) {
  if (!options.check_file.empty())
    return check(options);
  auto loaded = load(options);
  if (report(options, loaded))
    return 1;
  if (!options.print_config)
    return serve(options, loaded.config);
  fmt::print("{}", to_yaml(loaded.config));
  return printed(options, 0);
}

} // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  termination_signals::hold_hang_up(); // who orders a reload may be early
  raise_descriptor_limit();
  daemon_options options;
  try {
    if (auto status = parse_options(argc, argv, options))
      return printed(options, *status);
    return run(options);
  } catch (const std::exception& error) {
    return complain(options, error.what());
  }
}
