// Every acceptor is asked, and what they answer is one table.
#include "tools/wsrelay/ps.hpp"

#include "actors/directory.hpp"
#include "protocol/text.hpp"
#include "tools/wsrelay/json_output.hpp"
#include "tools/wsrelay/target_names.hpp"
#include "tools/wsrelay/text.hpp"

#include <caf/sec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace wsrelay::cli {

namespace {

void put_numbers(json_writer& out, const connection_numbers& numbers) {
  put(out, "target", numbers.target_pid);
  put(out, "age_ms", static_cast<std::uint64_t>(numbers.age.count()));
  put(out, "messages_in", numbers.messages_in);
  put(out, "bytes_in", numbers.bytes_in);
  put(out, "messages_out", numbers.messages_out);
  put(out, "bytes_out", numbers.bytes_out);
  put(out, "queued_messages", numbers.queued_messages);
  put(out, "queued_bytes", numbers.queued_bytes);
}

std::string to_json(const std::vector<connection_row>& rows) {
  return make_json_array(rows, [](json_writer& out, auto& row) {
    put(out, "pid", row.client_pid.view());
    put(out, "address", row.remote_address);
    put(out, "endpoint", row.endpoint);
    if (row.numbers)
      put_numbers(out, *row.numbers);
  });
}

std::string to_lines(const std::vector<connection_row>& rows,
                     const target_names& names) {
  std::vector<table_row> table;
  for (auto& row : rows) {
    table_row cells{std::string{row.client_pid.view()}, "?", row.remote_address,
                    row.endpoint};
    cells.resize(11, "?");
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
  return to_table({"PID", "TARGET", "ADDRESS", "ENDPOINT", "AGE", "IN",
                   "BYTES IN", "OUT", "BYTES OUT", "QUEUED", "BYTES QUEUED"},
                  table, 4);
}

struct known_acceptor {
  std::string name;
  caf::actor who;
};

// Acceptors of the asked node itself, whatever other nodes have put there.
std::vector<known_acceptor> find_acceptors(session& node) {
  std::vector<known_acceptor> result;
  for (auto& row : node.names(acceptor_prefix))
    try {
      auto who = node.find(row.name);
      if (who.node() == node.directory().node())
        result.push_back({row.name, who});
    } catch (const command_error& error) {
      if (error.code != exit_code::not_found) // it has ended meanwhile
        throw;
    }
  return result;
}

bool has_unnamed_target(const std::vector<connection_row>& rows,
                        const peer_entry& peer, const target_names& names) {
  auto at_peer = "@" + to_string(peer.directory.node());
  return std::any_of(rows.begin(), rows.end(), [&](auto& row) {
    return row.numbers && row.numbers->target_pid.ends_with(at_peer)
           && !names.knows(row.numbers->target_pid);
  });
}

// The node does not know what a peer has put for itself, nor who waits for a
// name that another node has. A peer that does not answer leaves PIDs.
void add_names_of_peers(session& node, const std::vector<connection_row>& rows,
                        target_names& names) {
  for (auto& peer : node.peers())
    if (has_unnamed_target(rows, peer, names))
      names.add_peer(peer, node.names_of(peer));
}

// An actor's id, which counts up. Text that is no PID comes first.
std::uint64_t id_of(const connection_row& row) {
  auto pid = row.client_pid.view();
  return parse_decimal(pid.substr(0, pid.find('@'))).value_or(0);
}

void sort_by_age(std::vector<connection_row>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](auto& a, auto& b) { return id_of(a) < id_of(b); });
}

// The pages of all acceptors, each asked for its next one at the same time.
class table_of_all {
public:
  table_of_all(session& node, command_output& output)
      : node_{node}, output_{output} {}

  std::vector<connection_row> collect(std::vector<known_acceptor> acceptors) {
    for (auto& each : acceptors)
      open_.push_back({std::move(each), 0});
    while (!open_.empty())
      ask_for_pages();
    ask_those_of_before();
    sort_by_age(rows_);
    return std::move(rows_);
  }

private:
  struct open_table {
    known_acceptor whom;
    std::uint64_t after;
  };

  void ask_for_pages() {
    std::vector<std::pair<caf::actor, acceptor_page_get>> questions;
    for (auto& each : open_)
      questions.emplace_back(each.whom.who, acceptor_page_get{each.after});
    auto answers = node_.ask_all<connection_page>(questions);
    std::vector<open_table> rest;
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (take(open_[i], answers[i]))
        rest.push_back(std::move(open_[i]));
    open_ = std::move(rest);
  }

  // Returns whether there is another page.
  bool take(open_table& from, caf::expected<connection_page>& page) {
    if (!page && is_unknown_there(page.error()))
      of_before_.push_back(from.whom);
    else if (!page)
      miss(from.whom, page.error());
    if (!page)
      return false;
    auto goes_on = page->more && page->last > from.after;
    from.after = page->last;
    std::move(page->rows.begin(), page->rows.end(), std::back_inserter(rows_));
    return goes_on;
  }

  // Of a node of protocol 1, whose list is one message.
  void ask_those_of_before() {
    std::vector<std::pair<caf::actor, acceptor_stats>> questions;
    for (auto& each : of_before_)
      questions.emplace_back(each.who, acceptor_stats{});
    auto answers = node_.ask_all<std::vector<connection_row>>(questions);
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (answers[i])
        rows_.insert(rows_.end(), answers[i]->begin(), answers[i]->end());
      else
        miss(of_before_[i], answers[i].error());
  }

  void miss(const known_acceptor& whom, const caf::error& why) {
    if (why != caf::sec::request_receiver_down)
      output_.missing.push_back(to_command_error(why, whom.name));
  }

  session& node_;
  command_output& output_;
  std::vector<open_table> open_;
  std::vector<known_acceptor> of_before_;
  std::vector<connection_row> rows_;
};

} // namespace

command_output ps(session& node, const options& opts) {
  command_output result;
  auto all = table_of_all{node, result}.collect(find_acceptors(node));
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
