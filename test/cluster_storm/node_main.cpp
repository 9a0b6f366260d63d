// A node of the cluster storm: the relay, or an application with targets only.
#include "actors/log.hpp"
#include "actors/node_version.hpp"
#include "config/load.hpp"
#include "net/node.hpp"
#include "test/cluster_storm/target.hpp"
#include "test/cluster_storm/usage.hpp"

#include <caf/all.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>

namespace {

using namespace wsrelay;
using namespace wsrelay::cluster_storm;

struct node_options {
  std::string config;
  std::string journal;
  std::string label;
  unsigned targets = 4;
  unsigned protocol = protocol_number;
};

// One of them has a thread of its own.
void add_targets(caf::actor_system& system, node& relay, stage& on,
                 unsigned count) {
  auto add = [&](const std::string& name, habit how, bool own_thread) {
    auto who = own_thread ? system.spawn<caf::detached>(target, &on, name, how)
                          : system.spawn(target, &on, name, how);
    on.targets[name] = who;
    if (auto put = relay.put(name, who); !put)
      fmt::print(stderr, "error: {}\n", put.error().what);
  };
  for (unsigned i = 0; i < count; ++i)
    add(fmt::format("t{}", i), habit::accepts, i + 1 == count);
  add("picky", habit::refuses, false);
  add("silent", habit::ignores, false);
}

int serve(const node_options& options, const relay_config& config) {
  termination_signals signals;
  journal events{options.journal};
  stage on{events, options.label, {}};
  std::atomic<std::size_t> at_start{0};
  system_config settings{config};
  caf::actor_system system{settings};
  node relay{system, config};
  add_targets(system, relay, on, options.targets);
  if (auto put =
          relay.put(accountant_name, system.spawn(accountant, &at_start));
      !put)
    fmt::print(stderr, "error: {}\n", put.error().what);
  if (auto started = relay.start(); !started) {
    fmt::print(stderr, "error: {}\n", started.error().what);
    return 1;
  }
  at_start = system.registry().running();
  fmt::print("ready {} {}\n", relay.cluster_port(), relay.port());
  std::fflush(stdout);
  signals.wait();
  relay.stop();
  on.targets.clear();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL); // nobody else would end it
  node_options options;
  CLI::App app{"A node of the cluster storm"};
  app.add_option("--config", options.config)->required();
  app.add_option("--journal", options.journal)->required();
  app.add_option("--label", options.label)->required();
  app.add_option("--targets", options.targets);
  app.add_option("--protocol", options.protocol);
  CLI11_PARSE(app, argc, argv);
  write_protocol(options.protocol);
  set_log_sink(std::make_shared<spdlog::sinks::stderr_sink_mt>(),
               spdlog::level::info);
  auto loaded = load_config_file(options.config);
  for (auto& error : loaded.errors)
    fmt::print(stderr, "error: {}\n", to_text(error));
  return loaded.errors.empty() ? serve(options, loaded.config) : 1;
}
