// Every acceptor is asked, and what they answer is one table.
#include "tools/wsrelay/ps.hpp"

#include "net/admin/connection_pages.hpp"
#include "net/admin/json_output.hpp"
#include "net/admin/json_rows.hpp"
#include "net/admin/target_names.hpp"
#include "tools/wsrelay/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace wsrelay::cli {

namespace {

using all_rows = std::vector<connection_page_row>;

std::string to_json(const all_rows& rows) {
  return make_json_array(
      rows, [](json_writer& out, auto& row) { put_row(out, row); });
}

std::string to_lines(const all_rows& rows, const target_names& names) {
  std::vector<table_row> table;
  for (auto& row : rows) {
    table_row cells{std::string{row.client_pid.view()}, "?", row.remote_address,
                    row.endpoint};
    cells.resize(connection_columns.header.size(), "?");
    if (auto& numbers = row.numbers) {
      cells[1] =
          numbers->target_pid.empty() ? "-" : names.shown(numbers->target_pid);
      cells[4] = age_text(numbers->age);
      auto cell = 5u;
      for (auto value : {numbers->messages_in, numbers->bytes_in,
                         numbers->messages_out, numbers->bytes_out,
                         numbers->queued_messages, numbers->queued_bytes})
        cells[cell++] = fmt::format("{}", value);
    }
    table.push_back(std::move(cells));
  }
  return to_table(connection_columns, table);
}

bool has_unnamed_target(const all_rows& rows, const peer_entry& peer,
                        const target_names& names) {
  auto at_peer = "@" + to_string(peer.directory.node());
  return std::any_of(rows.begin(), rows.end(), [&](auto& row) {
    return row.numbers && row.numbers->target_pid.ends_with(at_peer)
           && !names.knows(row.numbers->target_pid);
  });
}

// The node does not know what a peer has put for itself, nor who waits for a
// name that another node has. A peer that does not answer leaves PIDs.
void add_names_of_peers(node_client& node, const all_rows& rows,
                        target_names& names) {
  for (auto& peer : node.peers())
    if (has_unnamed_target(rows, peer, names))
      names.add_peer(peer, node.names_of(peer));
}

} // namespace

command_output ps(node_client& node, const options& opts) {
  command_output result;
  auto all = list_connections(node, find_acceptors(node), result.missing);
  if (opts.json) {
    result.text = to_json(all);
    return result;
  }
  target_names names{node.names()};
  add_names_of_peers(node, all, names);
  result.text = to_lines(all, names);
  return result;
}

} // namespace wsrelay::cli
