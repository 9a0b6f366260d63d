// wsrelay: operates a node. Wires: options, connection, command, output.
#include "net/admin/json_output.hpp"
#include "net/node.hpp"
#include "tools/process/preflight.hpp"
#include "tools/process/standard_streams.hpp"
#include "tools/wsrelay/admin_commands.hpp"
#include "tools/wsrelay/commands.hpp"
#include "tools/wsrelay/find_node.hpp"
#include "tools/wsrelay/interruption.hpp"
#include "tools/wsrelay/options.hpp"
#include "tools/wsrelay/text.hpp"
#include "tools/wsrelay/watch.hpp"

#include <caf/actor_system.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace wsrelay;
using namespace wsrelay::cli;

// A node that is silent for longer is lost; its own heartbeats come every two
// seconds unless it is told otherwise.
constexpr std::chrono::seconds node_patience{10};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (auto problem = flush_standard_output(); !problem.empty())
    throw command_error{exit_code::failed, "output", problem};
}

void print_error(const std::string& line) {
  std::fputs((line + '\n').c_str(), stderr);
}

int complain(const command_error& error, bool json) {
  auto code = static_cast<int>(error.code);
  if (!json) {
    print_error("wsrelay: " + printable(error.text));
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
  print_error(document);
  return code;
}

caf::actor connect_to_node(caf::actor_system& system, const options& opts) {
  auto where = opts.node;
  if (where.host.empty())
    where.host = find_node(operator_folders());
  if (auto good = check_certificates(where); !good)
    throw command_error{exit_code::usage, "usage", good.error().what};
  auto connected = connect(system, where);
  if (connected)
    return *connected;
  throw command_error{
      exit_code::unreachable, "unreachable",
      fmt::format("{}: {}", place_of(where), connected.error().what)};
}

int print_output(const command_output& output, const options& opts) {
  print(output.text);
  auto code = 0;
  for (auto& missing : output.missing) {
    auto one = complain(missing, opts.json);
    code = code == 0 ? one : code;
  }
  return code;
}

int run(caf::actor_system& system, const options& opts) {
  node_client node{system, connect_to_node(system, opts), opts.node.timeout};
  if (!opts.peer.empty())
    node.choose_peer(opts.peer);
  if (opts.what == command::watch) {
    watch(node, opts, print);
    return 0;
  }
  progress tell;
  if (!opts.json)
    tell = [](const std::string& text) { print_error("wsrelay: " + text); };
  return print_output(run_command(node, opts, tell), opts);
}

int run(const options& opts) {
  if (!opts.admin.url.empty())
    return print_output(run_by_admin(opts), opts);
  if (auto enough = check_resources(needs_of({})); !enough)
    throw command_error{exit_code::failed, "resources", enough.error().what};
  if (opts.what == command::watch)
    block_termination();
  system_config config;
  // Far below the patience of any node.
  config.set("middleman.heartbeat-interval",
             caf::timespan{std::chrono::milliseconds{250}});
  config.set("middleman.connection-timeout", caf::timespan{node_patience});
  caf::actor_system system{config};
  return run(system, opts);
}

int run(std::vector<std::string> args) {
  auto parsed = parse_options(std::move(args));
  if (auto* exit = std::get_if<early_exit>(&parsed)) {
    if (exit->code != exit_code::ok)
      throw command_error{exit->code, "usage", exit->text};
    print(exit->text);
    return 0;
  }
  auto& opts = std::get<options>(parsed);
  if (opts.what != command::completion)
    return run(opts);
  print(opts.script);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  raise_descriptor_limit();
  std::vector<std::string> args{argv + 1, argv + argc};
  auto json = std::find(args.begin(), args.end(), "--json") != args.end();
  try {
    return run(std::move(args));
  } catch (const command_error& error) {
    return complain(error, json);
  } catch (const std::exception& error) {
    return complain({exit_code::failed, "failed", error.what()}, json);
  }
}
