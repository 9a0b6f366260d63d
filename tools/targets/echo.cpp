// The echo target.
#include "tools/targets/echo.hpp"

#include "actors/answer.hpp"
#include "actors/messages.hpp"

#include <caf/all.hpp>

namespace wsrelay {

caf::behavior echo(caf::event_based_actor* self) {
  self->set_default_handler(
      drop_unexpected); // CAF's prints it, payload and all
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
