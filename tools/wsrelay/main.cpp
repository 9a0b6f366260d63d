// wsrelay: operates a node. Wires: options, connection, command, output.
#include "net/node.hpp"
#include "tools/wsrelay/commands.hpp"
#include "tools/wsrelay/interruption.hpp"
#include "tools/wsrelay/json_output.hpp"
#include "tools/wsrelay/options.hpp"
#include "tools/wsrelay/text.hpp"
#include "tools/wsrelay/watch.hpp"

#include <caf/actor_system.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace {

using namespace wsrelay;
using namespace wsrelay::cli;

// A node that is silent for longer is lost; its own heartbeats come every two
// seconds unless it is told otherwise.
constexpr std::chrono::seconds node_patience{10};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

int complain(const command_error& error, bool json) {
  auto code = static_cast<int>(error.code);
  if (!json) {
    fmt::print(stderr, "wsrelay: {}\n", printable(error.text));
    return code;
  }
  auto document = make_json([&](json_writer& out) {
    out.StartObject();
    out.Key("error");
    out.StartObject();
    put(out, "exit", static_cast<std::uint64_t>(code));
    put(out, "kind", error.kind);
    put(out, "text", error.text);
    out.EndObject();
    out.EndObject();
  });
  fmt::print(stderr, "{}\n", document);
  return code;
}

caf::actor connect_to_node(caf::actor_system& system, const options& opts) {
  auto connected = connect(system, opts.node);
  if (connected)
    return *connected;
  throw command_error{exit_code::unreachable, "unreachable",
                      fmt::format("{}:{}: {}", opts.node.host, opts.node.port,
                                  connected.error().what)};
}

void run(caf::actor_system& system, const options& opts) {
  session node{system, connect_to_node(system, opts), opts.node.timeout};
  if (!opts.peer.empty())
    node.choose_peer(opts.peer);
  if (opts.what == command::watch)
    watch(node, opts, print);
  else
    print(run_command(node, opts));
}

int run(const options& opts) {
  if (opts.what == command::watch)
    block_termination();
  system_config config;
  // Far below the patience of any node.
  config.set("middleman.heartbeat-interval",
             caf::timespan{std::chrono::milliseconds{250}});
  config.set("middleman.connection-timeout", caf::timespan{node_patience});
  caf::actor_system system{config};
  try {
    run(system, opts);
  } catch (const command_error& error) {
    return complain(error, opts.json);
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> args{argv + 1, argv + argc};
  auto json = std::find(args.begin(), args.end(), "--json") != args.end();
  auto parsed = parse_options(std::move(args));
  if (auto* exit = std::get_if<early_exit>(&parsed)) {
    if (exit->code != exit_code::ok)
      return complain({exit->code, "usage", exit->text}, json);
    print(exit->text);
    return 0;
  }
  auto& opts = std::get<options>(parsed);
  if (opts.what != command::completion)
    return run(opts);
  print(opts.script);
  return 0;
}
