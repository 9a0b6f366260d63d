// A node, and others that say to it what no node says.
#pragma once

#include "net/cluster/basp_stream.hpp"
#include "net/cluster/broker.hpp"
#include "net/cluster/reach.hpp"
#include "test/net/cluster/wire_fixture.hpp"
#include "test/support/line_sink.hpp"

#include <caf/all.hpp>
#include <caf/binary_serializer.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::test {

// An actor of a program: any mailbox of CAF's will do.
inline caf::behavior any_target(caf::event_based_actor*) {
  return {[](const std::string& text) { return text; }};
}

struct hostile_node : wire_node {
  captured_log log;
  std::uint64_t target = publish(system.spawn(any_target));

  // Sends `bytes`, as a node that has joined, and returns whether that ends the
  // connection before a timeout would.
  bool ends(const std::string& bytes, bool joined = true) {
    auto begin = std::chrono::steady_clock::now();
    auto node = joined ? join(5) : wire::to(port());
    node.socket.send(bytes);
    node.drain();
    return std::chrono::steady_clock::now() - begin < basp_greeting_timeout / 2;
  }

  bool logged(std::string_view part) {
    return holds_soon([&] { return log.sink->has(part); });
  }

  node_broker& broker() {
    auto actor = broker_of_nodes(system);
    return *static_cast<node_broker*>(
        caf::actor_cast<caf::abstract_actor*>(actor));
  }

  // How many actors of the node that `process` alone makes are known.
  std::size_t known_of(std::uint32_t process) {
    auto text = basp::node(process);
    std::string_view bytes{text};
    return broker().proxies().count_proxies(*take_basp_node(bytes));
  }

  // This node's id as it stands in messages.
  std::string own_node() {
    std::vector<char> bytes;
    caf::binary_serializer sink{system, bytes};
    auto id = system.node();
    REQUIRE_FALSE(sink(id));
    return {bytes.begin(), bytes.end()};
  }

  // A message to the target, with a content of its own.
  std::string to_target(std::string_view types, std::string_view values,
                        std::uint64_t id = 0) {
    return basp::message({basp::direct_message, 0, 0, id, 7, target},
                         basp::payload(types, values));
  }
};

} // namespace wsrelay::test
