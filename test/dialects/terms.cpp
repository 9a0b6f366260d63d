// What a connection was agreed to be, told to its client.
#include "test/dialects/dialects.hpp"

#include "actors/answer.hpp"
#include "actors/error.hpp"
#include "protocol/json.hpp"
#include "protocol/text.hpp"

#include <caf/all.hpp>

#include <string>
#include <string_view>

namespace wsrelay::dialects {

namespace {

constexpr std::string_view until = "until ";

caf::optional<milliseconds> time_of(std::string_view text) {
  auto number = parse_decimal(text);
  return number ? caf::optional<milliseconds>{milliseconds{*number}}
                : caf::none;
}

void say(caf::event_based_actor* self, const caf::actor& client,
         const std::string& what) {
  self->send(client, ws_send{message_type::text, what});
}

void set_end(caf::event_based_actor* self, const ws_message& message) {
  ws_control control;
  control.expires_at = time_of(message.data.view().substr(until.size()));
  auto client = message.client;
  self->request(client, caf::infinite, control)
      .then([=] { say(self, client, "moved"); },
            [=](caf::error& error) { say(self, client, to_text(error)); });
}

std::string parameter(const http_request& request, std::string_view name) {
  for (auto part : split(request.query, '&'))
    if (part.starts_with(name) && part.substr(name.size()).starts_with('='))
      return std::string{part.substr(name.size() + 1)};
  return {};
}

} // namespace

caf::behavior terms(caf::event_based_actor* self) {
  self->set_default_handler(drop_unexpected);
  return {
      [self](const ws_join& message) {
        say(self, message.client,
            R"({"subprotocol":)" + json_string(message.subprotocol.view())
                + "}");
      },
      [self](const ws_message& message) {
        if (message.data.view().starts_with(until))
          set_end(self, message);
        else
          self->send(message.client, ws_send{message.type, message.data});
      },
      [](const ws_leave&) {},
  };
}

caf::behavior tickets(caf::event_based_actor* self, caf::actor target) {
  self->set_default_handler(drop_unexpected);
  return {[target](const http_request& request) {
    http_response response;
    if (auto status = parse_decimal(parameter(request, "status")))
      response.status = static_cast<std::uint16_t>(*status);
    else
      response.relay = relay_to{target,
                                {},
                                {},
                                {},
                                parameter(request, "subprotocol"),
                                time_of(parameter(request, "until"))};
    return response;
  }};
}

} // namespace wsrelay::dialects
