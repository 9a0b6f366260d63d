// The connection first, then its acceptors.
#include "net/admin/inspection.hpp"

#include "net/admin/connection_pages.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace wsrelay {

namespace {

std::vector<connection_report> ask_acceptors(node_client& node,
                                             std::uint64_t id) {
  std::vector<std::pair<caf::actor, acceptor_ended_get>> questions;
  for (auto& each : find_acceptors(node))
    questions.emplace_back(each.who, acceptor_ended_get{id});
  std::vector<connection_report> result;
  for (auto& answer : node.ask_all<std::vector<connection_report>>(questions))
    if (answer)
      std::move(answer->begin(), answer->end(), std::back_inserter(result));
  return result;
}

} // namespace

connection_report inspect_connection(node_client& node,
                                     const std::string& pid) {
  try {
    return node.ask<connection_report>(node.find(pid), connection_report_get{},
                                       pid);
  } catch (const command_error& error) {
    if (error.code != exit_code::not_found)
      throw;
    auto id = actor_id_of(pid);
    if (id == 0)
      throw;
    for (auto& gone : ask_acceptors(node, id))
      if (gone.client_pid.view() == pid)
        return std::move(gone);
    throw;
  }
}

std::vector<connection_report> list_ended(node_client& node) {
  auto result = ask_acceptors(node, 0);
  std::stable_sort(result.begin(), result.end(),
                   [](auto& a, auto& b) { return a.ended_at > b.ended_at; });
  return result;
}

} // namespace wsrelay
