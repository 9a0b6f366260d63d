// Which connections move where; and a node that is told to drain.
#include "tools/wsrelay/drain.hpp"

#include "actors/directory.hpp"
#include "actors/pid_text.hpp"
#include "net/admin/connection_pages.hpp"
#include "net/admin/json_output.hpp"
#include "tools/wsrelay/mover.hpp"
#include "tools/wsrelay/note_order.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <optional>
#include <thread>

namespace wsrelay::cli {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds beat{100};
constexpr std::chrono::seconds progress_period{1};

// Longer than a drain may take by any configuration that makes sense.
constexpr std::chrono::hours drain_patience{1};

// -- which connections --------------------------------------------------------

class of_target final : public destinations {
public:
  of_target(const std::string& name, std::string pid, std::string to)
      : parked_{std::string{parked_prefix} + name},
        pid_{std::move(pid)},
        to_{std::move(to)} {}

  std::string of(const std::string& target_pid) const override {
    auto is_its =
        (!pid_.empty() && target_pid == pid_) || target_pid == parked_;
    return is_its ? to_ : std::string{};
  }

private:
  std::string parked_;
  std::string pid_;
  std::string to_;
};

// The actor of the same name at the other node. One without a name has none.
class of_node final : public destinations {
public:
  of_node(std::string node, std::string to,
          const std::vector<directory_row>& names)
      : end_{"@" + std::move(node)}, to_{std::move(to)} {
    for (auto& row : names)
      if (!row.name.starts_with(reserved_prefix))
        names_.emplace(row.pid, row.name);
  }

  std::string of(const std::string& target_pid) const override {
    if (!target_pid.ends_with(end_))
      return {};
    auto name = names_.find(target_pid);
    return (name == names_.end() ? "?" : name->second) + "@" + to_;
  }

private:
  std::string end_;
  std::string to_;
  std::map<std::string, std::string> names_;
};

// The nodes whose connections are meant: the one that was chosen, or all.
std::vector<node_client> relays_of(node_client& node, const options& opts) {
  std::vector<node_client> result{node};
  if (!opts.peer.empty())
    return result;
  for (auto& peer : node.peers()) {
    auto there = node;
    there.choose(peer.directory);
    result.push_back(there);
  }
  return result;
}

std::string node_id_of(const std::vector<peer_info>& peers,
                       const std::string& name) {
  for (auto& peer : peers)
    if (peer.name == name)
      return peer.node;
  throw command_error{exit_code::not_found, "no_such_peer",
                      "no such peer: " + name};
}

std::vector<directory_row> names_at(node_client& node,
                                    const std::string& name) {
  for (auto& peer : node.peers())
    if (peer.name == name)
      return node.names_of(peer);
  return {};
}

// A node that does not know the question has all its names where they were.
void step(node_client& relay, const std::string& name, bool steps_back) {
  std::vector<std::pair<caf::actor, peer_step_back>> question;
  question.emplace_back(relay.directory(), peer_step_back{name, steps_back});
  relay.ask_all<std::monostate>(question);
}

void move_node(node_client& node, const options& opts, mover& moves) {
  auto peers = node.peer_details();
  auto from = node_id_of(peers, opts.from_node);
  node_id_of(peers, opts.target); // it is there
  of_node where{from, opts.target, names_at(node, opts.from_node)};
  auto relays = relays_of(node, opts);
  for (auto& relay : relays) {
    step(relay, opts.target, false);
    step(relay, opts.from_node, true);
  }
  for (auto& relay : relays)
    moves.try_empty(relay, where);
}

// "" of a target that has ended, of which connections may be parked.
std::string pid_of(node_client& relay, const std::string& target) {
  try {
    auto found = relay.find(target);
    return pid_text(found.id(), found.node());
  } catch (const command_error& error) {
    if (error.code != exit_code::not_found)
      throw;
    return {};
  }
}

// Not everybody has to know the name.
void move_target(node_client& node, const options& opts, mover& moves) {
  std::optional<command_error> unknown;
  auto known = false;
  for (auto& relay : relays_of(node, opts))
    try {
      of_target where{opts.subject, pid_of(relay, opts.subject), opts.target};
      relay.find(opts.target); // one error is enough
      known = true;
      moves.empty(relay, where);
    } catch (const command_error& error) {
      if (error.code == exit_code::unreachable)
        throw;
      unknown = error;
    }
  if (!known && unknown)
    throw *unknown;
}

command_output move_away(node_client& node, const options& opts,
                         const progress& tell) {
  auto is_node = !opts.from_node.empty();
  note_order(node, {"drain",
                    {},
                    is_node ? "node " + opts.from_node : opts.subject,
                    opts.target});
  mover moves{opts, tell};
  if (is_node)
    move_node(node, opts, moves);
  else
    move_target(node, opts, moves);
  command_output result;
  result.missing = moves.failures();
  auto moved = static_cast<std::uint64_t>(moves.moved());
  result.text = opts.json
                    ? make_json([&](json_writer& out) {
                        out.StartObject();
                        put(out, "moved", moved);
                        put(out, "failed",
                            static_cast<std::uint64_t>(result.missing.size()));
                        out.EndObject();
                      }) + "\n"
                    : fmt::format("moved {} connections\n", moved);
  return result;
}

// -- a node -------------------------------------------------------------------

void give_order(node_client& node) {
  try {
    node.ask<void>(node.find("wsrelay.drain"), node_drain{}, "the node");
  } catch (const command_error& error) {
    if (error.code == exit_code::not_found)
      throw command_error{exit_code::refused, "refused",
                          "the node's program does not drain by an order"};
    throw;
  }
}

// Who does not answer in time may still be there.
bool is_gone(const caf::error& error) {
  return error && error != caf::sec::request_timeout;
}

bool is_there(node_client& node) {
  std::vector<std::pair<caf::actor, peer_list>> question;
  question.emplace_back(node.directory(), peer_list{});
  try {
    auto answer = node.ask_all<std::vector<peer_entry>>(question);
    return answer.front() || !is_gone(answer.front().error());
  } catch (const command_error& error) {
    if (error.code != exit_code::unreachable)
      throw;
    return false;
  }
}

// Nothing when not all of them have said so in time.
std::optional<std::uint64_t>
count_connections(node_client& node, const std::vector<known_acceptor>& all) {
  std::vector<std::pair<caf::actor, acceptor_count_get>> questions;
  for (auto& each : all)
    questions.emplace_back(each.who, acceptor_count_get{});
  std::uint64_t result = 0;
  for (auto& count : node.ask_all<std::uint64_t>(questions))
    if (count)
      result += *count;
    else
      return std::nullopt;
  return result;
}

// It may end meanwhile.
std::optional<std::uint64_t>
left_there(node_client& node, const std::vector<known_acceptor>& all) {
  try {
    return count_connections(node, all);
  } catch (const command_error&) {
    return std::nullopt;
  }
}

command_output drain_node(node_client& node, const options& opts,
                          const progress& tell) {
  auto acceptors = find_acceptors(node);
  give_order(node);
  auto next = clock::now();
  auto until = next + drain_patience;
  std::optional<std::uint64_t> told;
  while (is_there(node)) {
    if (clock::now() > until)
      throw command_error{exit_code::timeout, "timeout",
                          "the node still drains"};
    if (tell && clock::now() >= next) {
      auto left = left_there(node, acceptors);
      if (left && left != told)
        tell(fmt::format("{} connections", *left));
      told = left;
      next = clock::now() + progress_period;
    }
    std::this_thread::sleep_for(beat);
  }
  return {opts.json ? "{\"ok\":true}\n" : "the node has stopped\n", {}};
}

} // namespace

command_output drain(node_client& node, const options& opts,
                     const progress& tell) {
  return opts.target.empty() ? drain_node(node, opts, tell)
                             : move_away(node, opts, tell);
}

} // namespace wsrelay::cli
