// The actors between a node and its links.
#include "test/kit/cluster_connector.hpp"

#include "actors/answer.hpp"
#include "actors/node_messages.hpp"

#include <caf/all.hpp>

#include <utility>

namespace wsrelay::test {

caf::behavior cluster_connector(caf::event_based_actor* self,
                                connector_calls calls) {
  self->set_default_handler(drop_unexpected);
  self->set_error_handler([](caf::error&) {});
  return {
      [self, connect = std::move(calls.connect)](
          caf::connect_atom, const std::string& host,
          std::uint16_t) -> caf::result<caf::message> {
        auto promise = self->make_response_promise();
        connect(host, promise);
        return promise;
      },
      [](const node_known&) {},
      [part = std::move(calls.part)](const node_refused& message) {
        part(message.node);
      },
      [](link_details_get) { return std::vector<link_details>{}; },
  };
}

caf::behavior
cluster_acceptor(caf::event_based_actor* self,
                 std::function<std::vector<caf::actor>()> clients) {
  self->set_default_handler(drop_unexpected);
  self->set_error_handler([](caf::error&) {});
  return {[self, clients = std::move(clients)](const node_stops& message) {
    for (auto& each : clients())
      self->send(each, message);
  }};
}

} // namespace wsrelay::test
