// A watcher.
#include "net/admin/traffic_feed.hpp"

#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "net/admin/json_rows.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace wsrelay {

namespace {

// Of a message that may be a megabyte a person reads the beginning.
constexpr std::size_t max_shown = 4096;

constexpr milliseconds lookup_patience{5'000};

// Not cut inside of a character.
std::string_view beginning(const ws_traffic& event) {
  auto all = event.data.view();
  auto size = std::min(all.size(), max_shown);
  auto is_inside = [&] {
    return size < all.size()
           && (static_cast<unsigned char>(all[size]) & 0xC0) == 0x80;
  };
  while (event.type == message_type::text && size > 0 && is_inside())
    --size;
  return all.substr(0, size);
}

void put_message(json_writer& out, const ws_traffic& event, bool payload) {
  put(out, "number", event.number);
  put(out, "type", event.type == message_type::text ? "text" : "binary");
  put(out, "size", event.size);
  if (payload)
    put_bytes(out, "data", beginning(event));
}

std::string to_json(const ws_traffic& event, bool payload) {
  return make_json([&](json_writer& out) {
    out.StartObject();
    if (event.kind == traffic_kind::transferred) {
      put(out, "target", event.data.view());
    } else if (event.kind == traffic_kind::ended) {
      put(out, "cause", to_text(event.reason));
      put(out, "code", event.number);
      put(out, "reason", event.data.view());
    } else {
      put_message(out, event, payload);
    }
    if (event.missed > 0)
      put(out, "missed", event.missed);
    out.EndObject();
  });
}

struct feed_state {
  std::shared_ptr<event_queue> queue;
  ~feed_state() {
    if (queue)
      queue->end();
  }
};

void fail(caf::stateful_actor<feed_state>* self, const caf::error& error) {
  self->state.queue->push("failed", make_json([&](json_writer& out) {
                            out.StartObject();
                            put(out, "detail", to_text(error));
                            out.EndObject();
                          }));
  self->quit();
}

void watch(caf::stateful_actor<feed_state>* self, const caf::actor& connection,
           bool payload) {
  self->monitor(connection);
  // No timeout: the monitor tells of the connection's end.
  self->request(connection, caf::infinite,
                ws_watch{caf::actor_cast<caf::actor>(self), payload})
      .then([] {}, [self](caf::error& error) { fail(self, error); });
}

caf::behavior feed(caf::stateful_actor<feed_state>* self,
                   const caf::actor& directory, const std::string& pid,
                   const std::shared_ptr<event_queue>& queue, bool payload) {
  self->state.queue = queue;
  // One that ends by itself has told so before.
  self->set_down_handler(
      [self](caf::down_msg& down) { fail(self, down.reason); });
  self->set_default_handler(caf::drop);
  self->request(directory, lookup_patience, directory_get{pid})
      .then([self,
             payload](const caf::actor& found) { watch(self, found, payload); },
            [self](caf::error& error) { fail(self, error); });
  return {[self, payload](const ws_traffic& event) {
    self->state.queue->push(to_text(event.kind), to_json(event, payload));
    if (event.kind == traffic_kind::ended)
      self->quit();
  }};
}

} // namespace

caf::actor spawn_traffic_feed(caf::actor_system& system,
                              const caf::actor& directory, std::string pid,
                              std::shared_ptr<event_queue> queue,
                              bool payload) {
  return system.spawn(feed, directory, std::move(pid), std::move(queue),
                      payload);
}

} // namespace wsrelay
