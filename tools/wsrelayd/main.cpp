// wsrelayd: a relay node of its own. Wires everything, decides nothing.
#include "actors/log.hpp"
#include "net/node.hpp"
#include "tools/targets/chat.hpp"
#include "tools/targets/echo.hpp"
#include "tools/wsrelayd/options.hpp"

#include <caf/actor_system.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>

#include <cstdio>

namespace {

using namespace wsrelay;

// Returns whether there were errors.
bool report(const loaded_config& loaded) {
  for (auto& warning : loaded.warnings)
    fmt::print(stderr, "warning: {}\n", to_text(warning));
  for (auto& error : loaded.errors)
    fmt::print(stderr, "error: {}\n", to_text(error));
  return !loaded.errors.empty();
}

int check(const std::string& file) {
  auto loaded = load_config_file(file);
  if (report(loaded))
    return 1;
  fmt::print("{}: ok\n", file);
  return 0;
}

void print_urls(const node& relay, const relay_config& config) {
  for (auto& service : config.services)
    fmt::print("listening on {}\n", relay.url(service.name));
  for (auto& cluster : config.clusters)
    if (relay.cluster_port() != 0)
      fmt::print("node {} listening on port {}\n", cluster.name,
                 relay.cluster_port());
  for (auto& files : config.statics)
    if (files.root == "builtin:demo")
      fmt::print("open {}{} in two browser tabs\n", relay.url(files.server),
                 files.path);
  std::fflush(stdout);
}

int serve(const relay_config& config) {
  termination_signals signals;
  system_config system_settings;
  system_settings.prepare(config);
  caf::actor_system system{system_settings};
  node relay{system, config};
  for (auto& put : {relay.put("echo", system.spawn(echo)),
                    relay.put("chat", system.spawn(chat))})
    if (!put)
      log().error("cannot register a target: {}", put.error().what);
  if (auto started = relay.start(); !started) {
    fmt::print(stderr, "error: {}\n", started.error().what);
    return 1;
  }
  print_urls(relay, config);
  signals.wait();
  relay.stop();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  daemon_options options;
  if (auto status = parse_options(argc, argv, options))
    return *status;
  set_log_sink(std::make_shared<spdlog::sinks::stderr_color_sink_mt>(),
               spdlog::level::from_str(options.log_level));
  if (!options.check_file.empty())
    return check(options.check_file);
  auto loaded = load(options);
  if (report(loaded))
    return 1;
  if (options.print_config) {
    fmt::print("{}", to_yaml(loaded.config));
    return 0;
  }
  return serve(loaded.config);
}
