// The echo target.
#include "tools/targets/echo.hpp"

#include "actors/messages.hpp"

namespace wsrelay {

caf::behavior echo(caf::event_based_actor* self) {
  return {
      [](const ws_join&) {},
      [self](const ws_message& message) {
        self->send(message.client, ws_send{message.type, message.data});
      },
      [](const ws_heartbeat&) {},
      [](const ws_leave&) {},
  };
}

} // namespace wsrelay
