// The acceptor's connections: who is open, and the stop.
#include "actors/acceptor.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/pid_text.hpp"
#include "actors/stats_collector.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

// Between those that close one after the other: none is a burst.
constexpr milliseconds drain_step{10};

constexpr milliseconds least_retry{500};

} // namespace

acceptor_state::acceptor_state(acceptor_actor* self)
    : self_{self}, numbers_{self, [this](auto& page) {
                              return collect(page);
                            }} {}

caf::behavior acceptor_state::start(acceptor_config config) {
  config_ = std::move(config);
  self_->set_default_handler(drop_unexpected);
  // An error sent as a message would end it, whoever has sent it.
  self_->set_error_handler([](caf::error&) {});
  self_->set_down_handler(
      [this](caf::down_msg& message) { on_down(message.source); });
  return {
      [](caf::ok_atom) {},
      [this](acceptor_list) { return on_list(); },
      [this](acceptor_count_get) { return std::uint64_t{connections_.size()}; },
      [this](acceptor_stats) { return numbers_.ask(std::nullopt); },
      [this](acceptor_page_get request) { return numbers_.ask(request); },
      [this](acceptor_ended_get request) {
        return ended_.find(request.id, self_->node());
      },
      [this](const acceptor_stop& message) { return on_stop(message); },
      [this](const acceptor_drain& message) { on_drain(message); },
      [this](acceptor_drain_tick) { drain_some(); },
      [this](const node_stops& message) {
        for (auto& [id, open] : connections_)
          self_->send(open.info.client, message);
      },
      [this](const node_relieved& message) { on_relieved(message); },
      [this](const acceptor_tick& message) {
        message.gives_up ? give_up() : on_due();
      },
  };
}

caf::behavior acceptor(acceptor_actor* self, acceptor_config config) {
  return self->state.start(std::move(config));
}

std::shared_ptr<awaited_connection> acceptor_state::expect() {
  return std::make_shared<awaited_connection>(self_->home_system());
}

caf::actor acceptor_state::open(frame_port_ptr port, connection_config config,
                                std::string remote_address,
                                std::string endpoint) {
  config.remote_address = remote_address;
  auto record = caf::make_counted<flight_record>(self_->clock().now());
  config.record = record;
  auto awaited = std::move(config.awaited);
  auto client =
      awaited ? spawn_as(awaited->id(), self_->home_system(), self_->home(),
                         connection, std::move(port), std::move(config))
              : spawn_on(self_->home_system(), self_->home(), connection,
                         std::move(port), std::move(config));
  ++settled_;
  self_->monitor(client);
  auto& added = connections_[client.id()];
  added = {{client, {}, std::move(remote_address), std::move(endpoint)},
           std::move(record)};
  if (config_.journal && config_.journal->is_wanted())
    config_.journal->on_open(listed(added.info));
  if (awaited)
    awaited->become(client);
  hasten(client);
  return client;
}

void acceptor_state::on_relieved(const node_relieved& message) {
  for (auto& [id, open] : connections_)
    self_->send(open.info.client, message);
}

// Once.
void acceptor_state::on_drain(const acceptor_drain& message) {
  if (drain_ || phase_ != phase::running)
    return;
  std::vector<caf::actor> all;
  for (auto& [id, open] : connections_)
    all.push_back(open.info.client);
  milliseconds needed{static_cast<milliseconds::rep>(
      static_cast<double>(all.size()) * 1000 / message.rate)};
  drain_span_ = std::min(std::max(message.spread, needed), message.longest);
  drain_ = std::make_unique<drain_line>(std::move(all), self_->clock().now(),
                                        drain_span_, random_());
  drain_some();
}

void acceptor_state::drain_some() {
  for (auto& client : drain_->take_due(self_->clock().now()))
    self_->send(client, connection_drain{retry_time()});
  if (!drain_->done())
    self_->delayed_send(self_, drain_step, acceptor_drain_tick{});
}

// Who comes back is not to come with all the others.
milliseconds acceptor_state::retry_time() {
  return least_retry
         + milliseconds{std::uniform_int_distribution<milliseconds::rep>{
             0, std::max(drain_span_, least_retry).count()}(random_)};
}

// What a connection does that is open while the node stops.
void acceptor_state::hasten(const caf::actor& client) {
  if (phase_ == phase::stopping)
    self_->send(client, connection_shutdown{});
  else if (phase_ == phase::given_up)
    self_->send_exit(client, caf::exit_reason::kill);
  else if (drain_)
    self_->send(client, connection_drain{retry_time()});
}

// Ids are a node's own: a handler elsewhere may have that of a connection here.
void acceptor_state::on_down(const caf::actor_addr& who) {
  if (!who || numbers_.on_down(who)) // anybody can send such a message
    return;
  if (handlers_.erase(who) > 0)
    fail_questions(who);
  auto entry = connections_.find(who.id());
  if (entry == connections_.end() || entry->second.info.client != who)
    return;
  bury(entry->first, entry->second);
  connections_.erase(entry);
  try_finish();
}

caf::result<void> acceptor_state::on_stop(const acceptor_stop& message) {
  auto promise = promise_to_requester(self_);
  if (promise)
    stop_requests_.push_back(*promise);
  if (phase_ == phase::running) {
    phase_ = phase::stopping;
    for (auto& [id, open] : connections_)
      hasten(open.info.client);
    self_->delayed_send(self_, message.timeout, acceptor_tick{true});
  }
  try_finish();
  return later(promise);
}

void acceptor_state::give_up() {
  phase_ = phase::given_up;
  if (connections_.empty())
    return;
  log(log_part::http)
      .warn("connections left at the end of the shutdown: connections={}"
            " hint=\"they are cut off; a longer shutdown_timeout leaves them "
            "time\"",
            connections_.size());
  for (auto& [id, open] : connections_)
    hasten(open.info.client);
}

// It has told its record how it ended.
void acceptor_state::bury(caf::actor_id id, open_connection& what) {
  ended_connection gone{id, std::move(what.info.remote_address),
                        std::move(what.info.endpoint), std::move(what.record)};
  if (config_.journal && config_.journal->is_wanted())
    config_.journal->on_end(gone);
  ended_.add(std::move(gone));
}

// Done when no connection actor is left.
void acceptor_state::try_finish() {
  if (phase_ == phase::running || !connections_.empty())
    return;
  for (auto& request : std::exchange(stop_requests_, {}))
    request.deliver(caf::unit);
}

// It takes a walk over all, and another node could ask without end.
caf::result<std::vector<connection_info>> acceptor_state::on_list() {
  auto& who = self_->current_sender();
  if (!who || who->node() != self_->node())
    return make_error(errc::invalid_message, "only its own node may ask this");
  return list();
}

std::vector<connection_info> acceptor_state::list() const {
  std::vector<connection_info> result;
  result.reserve(connections_.size());
  for (auto& [id, open] : connections_)
    result.push_back(listed(open.info));
  return result;
}

caf::actor
acceptor_state::collect(const std::optional<acceptor_page_get>& page) {
  return page ? collect_page(page->after)
              : self_->spawn(stats_collector, list(), false);
}

caf::actor acceptor_state::collect_page(caf::actor_id after) {
  std::vector<caf::actor_id> ids;
  for (auto& [id, open] : connections_)
    if (id > after)
      ids.push_back(id);
  auto end = ids.begin()
             + static_cast<std::ptrdiff_t>(std::min(stats_page, ids.size()));
  std::partial_sort(ids.begin(), end, ids.end());
  std::vector<connection_info> page;
  for (auto id = ids.begin(); id != end; ++id)
    page.push_back(listed(connections_.at(*id).info));
  return self_->spawn(stats_collector, std::move(page), end != ids.end());
}

connection_info acceptor_state::listed(const connection_info& info) {
  auto result = info;
  result.client_pid = pid_text(info.client.id(), info.client.node());
  return result;
}

} // namespace wsrelay
