// One question to each connection, one answer to who asked.
#include "actors/stats_collector.hpp"

#include "actors/answer.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

caf::result<caf::message>
stats_collector_state::start(std::optional<acceptor_page_get> page) {
  in_page = page.has_value();
  with_metadata = page && page->with_metadata;
  promise = self->make_response_promise();
  auto older = [](auto& a, auto& b) { return a.client.id() < b.client.id(); };
  std::sort(connections.begin(), connections.end(), older);
  for (auto& one : connections)
    rows.push_back({{one.client_pid, std::move(one.remote_address),
                     std::move(one.endpoint), caf::none}});
  waiting = rows.size();
  if (waiting == 0) {
    finish();
    return promise;
  }
  self->delayed_send(self, stats_patience, caf::timeout_atom_v);
  ask_some();
  return promise;
}

// The collector may run on a loop, between whose messages others have a turn.
void stats_collector_state::ask_some() {
  auto end = std::min(asked + stats_at_once, rows.size());
  while (asked < end)
    ask(asked++);
  if (asked < rows.size())
    self->send(self, caf::tick_atom_v);
}

// No timeout: one for all is enough.
void stats_collector_state::ask(std::size_t row) {
  self->request(connections[row].client, caf::infinite,
                connection_stats_get{with_metadata})
      .then(
          [this, row](connection_stats& stats) {
            rows[row].numbers = std::move(stats.numbers);
            rows[row].metadata = std::move(stats.metadata);
            on_answer();
          },
          [this](caf::error&) { on_answer(); });
}

void stats_collector_state::on_answer() {
  if (--waiting == 0)
    finish();
}

void stats_collector_state::finish() {
  if (in_page)
    promise.deliver(make_page());
  else
    promise.deliver(std::vector<connection_row>(rows.begin(), rows.end()));
  self->quit();
}

connection_page stats_collector_state::make_page() {
  auto last = connections.empty() ? 0 : connections.back().client.id();
  return {std::move(rows), last, more};
}

caf::behavior stats_collector(stats_collector_actor* self,
                              std::vector<connection_info> connections,
                              bool more) {
  self->state.connections = std::move(connections);
  self->state.more = more;
  self->set_default_handler(drop_unexpected);
  return {
      [self](acceptor_stats) { return self->state.start(std::nullopt); },
      [self](acceptor_page_get page) { return self->state.start(page); },
      [self](caf::tick_atom) { self->state.ask_some(); },
      [self](caf::timeout_atom) { self->state.finish(); },
  };
}

} // namespace wsrelay
