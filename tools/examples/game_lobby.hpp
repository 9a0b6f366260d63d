// A lobby and a game: a live connection moves from one target to the other and
// back, without a message lost.
#pragma once

#include "actors/messages.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <string_view>

namespace wsrelay::examples {

struct game_state {
  caf::actor_addr lobby; // the lobby holds the game: a handle would be a cycle
};

/// Says what it hears, in capitals; "back" moves the client to the lobby.
inline caf::behavior game(caf::stateful_actor<game_state>* self,
                          const caf::actor& lobby) {
  self->set_default_handler(caf::drop); // CAF prints heartbeats, say
  self->state.lobby = lobby.address();
  return {
      [self](const ws_join& message) {
        self->send(message.client, ws_event{"game", "\"started\""});
      },
      [self](const ws_message& message) {
        if (message.data.view() == "back") {
          ws_control move;
          move.target = caf::actor_cast<caf::actor>(self->state.lobby);
          self->send(message.client, std::move(move));
          return;
        }
        self->send(message.client,
                   ws_event{"game.move", std::to_string(message.seq)});
      },
      [](const ws_leave&) {},
  };
}

/// Welcomes; "play" moves the client to the game. The answer to the control
/// says whether that worked.
inline caf::behavior lobby(caf::event_based_actor* self) {
  self->set_default_handler(caf::drop); // CAF prints heartbeats, say
  auto the_game = self->spawn(game, caf::actor_cast<caf::actor>(self));
  self->link_to(the_game);
  return {
      [self](const ws_join& message) {
        self->send(message.client, ws_event{"lobby", "\"welcome\""});
      },
      [self, the_game](const ws_message& message) {
        if (message.data.view() != "play")
          return;
        ws_control move;
        move.target = the_game;
        self->request(message.client, caf::infinite, std::move(move))
            .then([] {},
                  [self, client = message.client](caf::error&) {
                    self->send(client, ws_event{"lobby", "\"no game today\""});
                  });
      },
      [](const ws_leave&) {},
  };
}

} // namespace wsrelay::examples
