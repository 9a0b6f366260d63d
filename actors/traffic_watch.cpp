// Telling watchers, within their credit.
#include "actors/traffic_watch.hpp"

#include "actors/directory.hpp"
#include "actors/error.hpp"
#include "actors/pid_text.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

traffic_watch::traffic_watch(caf::event_based_actor* self,
                             shared_buffer client_pid)
    : self_{self}, client_pid_{std::move(client_pid)} {}

caf::result<void> traffic_watch::add(const ws_watch& message) {
  if (!message.watcher)
    return make_error(errc::invalid_message, "no watcher");
  drop_refusing();
  for (auto& known : watchers_)
    if (known.who == message.watcher) {
      known.payload = message.payload;
      return caf::unit;
    }
  if (watchers_.size() >= max_watchers)
    drop_silent();
  if (watchers_.size() >= max_watchers)
    return make_error(errc::busy, "the connection has too many watchers");
  self_->monitor(message.watcher);
  watchers_.push_back(
      {message.watcher, message.payload, 0, std::make_shared<credit>()});
  return caf::unit;
}

bool traffic_watch::drop(const caf::actor_addr& who) {
  std::erase_if(watchers_, [&](auto& known) { return known.who == who; });
  return watchers_.empty();
}

// A refusing watcher stays monitored: its end then says nothing new.
void traffic_watch::drop_refusing() {
  std::erase_if(watchers_, [](auto& known) { return known.open->refused; });
}

void traffic_watch::drop_silent() {
  auto now = self_->clock().now();
  std::erase_if(watchers_, [&](auto& known) {
    return known.open->events > 0 && now - known.open->since >= watch_patience;
  });
}

bool traffic_watch::has(const caf::actor& who) const noexcept {
  return std::any_of(watchers_.begin(), watchers_.end(),
                     [&](auto& known) { return known.who == who; });
}

void traffic_watch::on_message(traffic_kind kind, std::uint64_t number,
                               message_type type, const shared_buffer& data) {
  tell({client_pid_, kind, number, type, data.size(), data, {}, 0});
}

void traffic_watch::on_transfer(const caf::actor& target,
                                std::uint64_t last_seq) {
  tell({client_pid_,
        traffic_kind::transferred,
        last_seq,
        message_type::text,
        0,
        pid_text(target.id(), target.node()),
        {},
        0});
}

// No request: nobody would hear the answer. One event more than the credit.
void traffic_watch::on_end(const ending& how) {
  drop_refusing();
  for (auto& to : watchers_)
    self_->send(to.who, ws_traffic{client_pid_, traffic_kind::ended, how.code,
                                   message_type::text, 0, how.text, how.leave,
                                   to.missed});
}

void traffic_watch::tell(const ws_traffic& event) {
  drop_refusing();
  for (auto& to : watchers_)
    tell(to, event);
}

void traffic_watch::tell(watcher& to, ws_traffic event) {
  if (!to.payload && event.kind != traffic_kind::transferred)
    event.data = {};
  auto bytes = event.data.size();
  auto& open = *to.open;
  if (open.events >= watch_window
      || (open.bytes > 0 && open.bytes + bytes > watch_window_bytes)) {
    ++to.missed;
    return;
  }
  event.missed = std::exchange(to.missed, 0);
  auto& clock = self_->clock();
  if (open.events++ == 0)
    open.since = clock.now();
  open.bytes += bytes;
  auto answered = [&clock, open = to.open, bytes] {
    --open->events;
    open->bytes -= bytes;
    open->since = clock.now();
  };
  // No timeout: the monitor tells of the watcher's end.
  self_->request(to.who, caf::infinite, std::move(event))
      .then(answered, [answered, open = to.open](caf::error& error) {
        answered();
        // An answer with a value in it is as good as one without.
        open->refused = error != caf::sec::unexpected_response;
      });
}

} // namespace wsrelay
