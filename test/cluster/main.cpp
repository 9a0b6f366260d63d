// A node that does what its standard input says: wsrelay_cluster_probe
// [--protocol N] [--services] FILE.
#include "actors/log.hpp"
#include "actors/node_version.hpp"
#include "config/load.hpp"
#include "net/node.hpp"
#include "test/cluster/commands.hpp"
#include "test/cluster/report.hpp"

#include <caf/actor_system.hpp>

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <iostream>

namespace {

using namespace wsrelay;
using cluster_probe::report;

// Returns the exit status.
int run(const relay_config& config) {
  termination_signals signals;
  system_config settings;
  settings.prepare(config);
  caf::actor_system system{settings};
  node relay{system, config};
  if (auto started = relay.start(); !started) {
    report("error {}", started.error().what);
    return 1;
  }
  report("id {}", to_string(system.node()));
  for (auto& cluster : config.clusters)
    report("node {} listening on port {}", cluster.name, relay.cluster_port());
  for (auto& service : config.services)
    report("listening on {}", relay.url(service.name));
  cluster_probe::commander commands{system, relay, signals};
  std::string line;
  while (std::getline(std::cin, line) && commands.run(line)) {
  }
  relay.stop();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::string file;
  std::uint32_t protocol = protocol_number;
  bool with_services = false;
  CLI::App app{"A node that does what its standard input says"};
  app.add_option("FILE", file)->required();
  app.add_option("--protocol", protocol,
                 "Speaks this one, as a release of then");
  app.add_flag("--services", with_services, "Opens the services of the file");
  CLI11_PARSE(app, argc, argv);
  write_protocol(protocol);
  set_log_sink(std::make_shared<spdlog::sinks::stderr_color_sink_mt>(),
               spdlog::level::info);
  auto loaded = load_config_file(file);
  for (auto& error : loaded.errors)
    report("error {}", to_text(error));
  if (!loaded.errors.empty())
    return 1;
  // Those of a relay are not for here.
  if (!with_services)
    loaded.config.services.clear();
  return run(loaded.config);
}
