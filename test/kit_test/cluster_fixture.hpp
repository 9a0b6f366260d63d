// Two nodes, and what their tests ask of them.
#pragma once

#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "test/kit/test_cluster.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>
#include <vector>

namespace wsrelay::cluster_kit_test {

using namespace wsrelay::test;

inline constexpr auto lost = caf::exit_reason::remote_link_unreachable;

// Tells everybody who is there what each one says.
inline caf::behavior chat(caf::stateful_actor<std::vector<caf::actor>>* self) {
  return {
      [self](const ws_join& message) { self->state.push_back(message.client); },
      [self](const ws_message& message) {
        for (auto& each : self->state)
          self->send(each, ws_send{message_type::text, message.data});
      },
      [self](const ws_leave& message) {
        std::erase(self->state, message.client);
      },
  };
}

// An actor of a node that monitors one of another, and what it is told.
struct watcher {
  watcher(test_node& node, const caf::actor& whom)
      : who{node.system().spawn(
          [told = told, whom = node.here(whom)](
              caf::event_based_actor* self) -> caf::behavior {
            self->monitor(whom);
            self->set_down_handler([=](caf::down_msg& message) {
              told->push_back(message.reason);
            });
            return {[](const shared_buffer&) {}};
          })} {
    node.run();
  }

  std::shared_ptr<std::vector<caf::error>> told =
      std::make_shared<std::vector<caf::error>>();
  caf::actor who;
};

inline caf::expected<caf::actor> find(test_node& node,
                                      const std::string& name) {
  return node.request<caf::actor>(node.directory(), directory_get{name});
}

inline strings names_of_peers(test_node& node) {
  strings result;
  auto list =
      node.request<std::vector<peer_entry>>(node.directory(), peer_list{});
  if (list)
    for (auto& each : *list)
      result.push_back(each.name);
  return result;
}

struct two_nodes {
  test_cluster cluster{"relay", "app"};
  test_node& relay = cluster["relay"];
  test_node& app = cluster["app"];
};

struct bound : two_nodes { // a client there, its target here
  probe target{app};
  fake_client client = relay.connect(target);

  bound() {
    REQUIRE(app.put("target", target));
    cluster.run();
  }

  caf::actor target_here() { return relay.here(target); }
};

} // namespace wsrelay::cluster_kit_test
