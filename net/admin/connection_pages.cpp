// Every acceptor is asked for its next page at the same time.
#include "net/admin/connection_pages.hpp"

#include "actors/directory.hpp"
#include "protocol/text.hpp"

#include <caf/sec.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace wsrelay {

namespace {

void sort_by_age(std::vector<connection_page_row>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](auto& a, auto& b) {
    return actor_id_of(a.client_pid.view()) < actor_id_of(b.client_pid.view());
  });
}

// The pages of all acceptors, each asked for its next one at the same time.
class table_of_all {
public:
  table_of_all(node_client& node, std::vector<command_error>& missing,
               bool with_metadata)
      : node_{node}, missing_{missing}, with_metadata_{with_metadata} {}

  std::vector<connection_page_row>
  collect(std::vector<known_acceptor> acceptors) {
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
      questions.emplace_back(each.whom.who,
                             acceptor_page_get{each.after, with_metadata_});
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
        for (auto& row : *answers[i])
          rows_.push_back({std::move(row)});
      else
        miss(of_before_[i], answers[i].error());
  }

  void miss(const known_acceptor& whom, const caf::error& why) {
    if (why != caf::sec::request_receiver_down)
      missing_.push_back(to_command_error(why, whom.name));
  }

  node_client& node_;
  std::vector<command_error>& missing_;
  std::vector<open_table> open_;
  std::vector<known_acceptor> of_before_;
  std::vector<connection_page_row> rows_;
  const bool with_metadata_;
};

} // namespace

std::uint64_t actor_id_of(std::string_view pid) {
  return parse_decimal(pid.substr(0, pid.find('@'))).value_or(0);
}

std::vector<known_acceptor> find_acceptors(node_client& node) {
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

std::vector<connection_page_row>
list_connections(node_client& node, std::vector<known_acceptor> acceptors,
                 std::vector<command_error>& missing, bool with_metadata) {
  return table_of_all{node, missing, with_metadata}.collect(
      std::move(acceptors));
}

} // namespace wsrelay
