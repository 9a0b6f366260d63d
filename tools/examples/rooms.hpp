// Rooms: an actor for each room, found or made by a handler. The path says
// which room, and whoever is in it hears the others.
#pragma once

#include "actors/messages.hpp"
#include "tools/examples/hub.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <map>
#include <string>

namespace wsrelay::examples {

/// Most rooms at once: names come from clients.
inline constexpr std::size_t max_rooms = 1000;

struct room_keeper_state {
  std::map<std::string, caf::actor> rooms;
};

/// A room is a hub that ends when its last client has left, or was lost with
/// its node, which only the monitor tells, or when its first one is not let in.
inline caf::behavior room(caf::stateful_actor<hub_state>* self) {
  auto& clients = self->state.clients;
  auto end_if_empty = [self, &clients] {
    if (clients.empty())
      self->quit();
  };
  self->set_down_handler([end_if_empty](caf::down_msg&) { end_if_empty(); });
  auto enter = [self, &clients](const ws_join& message) {
    self->monitor(message.client);
    clients.add(message.client);
  };
  auto leave = [end_if_empty, &clients](const ws_leave& message) {
    clients.remove(message.client);
    end_if_empty();
  };
  auto refuse = [end_if_empty](const ws_refused&) { end_if_empty(); };
  return caf::message_handler{enter, leave, refuse}.or_else(
      hub(self).as_behavior_impl());
}

/// Answers requests of /room/{room}. It monitors its rooms, so that one that
/// has ended is made anew for the next client.
inline caf::behavior room_keeper(caf::stateful_actor<room_keeper_state>* self) {
  auto& rooms = self->state.rooms;
  self->set_down_handler([&rooms](caf::down_msg& message) {
    std::erase_if(rooms,
                  [&](auto& entry) { return entry.second == message.source; });
  });
  return {
      [self, &rooms](const http_request& request) {
        auto name =
            std::string{find_field(request.params, "room").value_or("")};
        http_response response;
        if (rooms.count(name) == 0 && rooms.size() >= max_rooms) {
          response.status = 503;
          response.body = "all rooms are taken";
          return response;
        }
        auto& target = rooms[name];
        if (!target)
          target = self->spawn<caf::monitored>(room);
        response.relay = relay_to{target, {}, {}, {}};
        return response;
      },
  };
}

} // namespace wsrelay::examples
