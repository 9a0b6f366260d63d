// One node, and what speaks to it byte by byte.
#pragma once

#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "test/net/cluster/basp_bytes.hpp"
#include "test/net/support.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::test {

/// The configuration of a node that others may connect to.
inline relay_config wire_config(milliseconds interval = 2s,
                                milliseconds timeout = 8s,
                                std::uint16_t peer = 0) {
  cluster_config cluster;
  cluster.name = "wire";
  cluster.listen = "127.0.0.1:0";
  cluster.heartbeat_interval = interval;
  cluster.heartbeat_timeout = timeout;
  cluster.reconnect_min = 10ms;
  if (peer != 0)
    cluster.peers.push_back("127.0.0.1:" + std::to_string(peer));
  relay_config result;
  result.clusters.push_back(std::move(cluster));
  return result;
}

/// A connection that says what a test wants, and reads whole messages.
struct wire {
  explicit wire(plain_socket connected) : socket{std::move(connected)} {}

  static wire to(std::uint16_t port) {
    return wire{plain_socket::connect_to(port)};
  }

  /// Returns the header of the next message; its payload goes to `payload`. 0
  /// bytes at the end.
  std::string next() {
    auto header = socket.receive_exactly(32);
    if (header.size() < 32)
      return {};
    std::uint32_t size = 0;
    for (auto byte : header.substr(4, 4))
      size = size << 8 | static_cast<std::uint8_t>(byte);
    payload = socket.receive_exactly(size);
    return header;
  }

  /// Reads up to a message of this operation; false at the end.
  bool read_to(basp::operation what) {
    for (auto header = next(); !header.empty(); header = next())
      if (header[0] == static_cast<char>(what))
        return true;
    return false;
  }

  /// Reads to the end.
  void drain() {
    while (!next().empty()) {
    }
  }

  plain_socket socket;
  std::string payload;
};

/// A node; what was published ends with it.
struct wire_node {
  using preparation = std::function<void(caf::actor_system_config&)>;

  explicit wire_node(relay_config settings = wire_config(),
                     const preparation& prepare = {})
      : settings{std::move(settings)},
        config{this->settings},
        system{prepared(prepare)},
        self{system},
        relay{system, this->settings} {
    REQUIRE(relay.start());
  }

  ~wire_node() {
    for (auto& each : published)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  }

  std::uint16_t port() const { return relay.cluster_port(); }

  /// Connects, and is the node that `process` makes.
  wire join(std::uint32_t process, std::uint8_t flags = 0) {
    auto result = wire::to(port());
    REQUIRE(result.read_to(basp::server_handshake));
    result.socket.send(basp::hello(process, flags));
    return result;
  }

  /// An actor that others may name by its ID.
  std::uint64_t publish(const caf::actor& who) {
    published.push_back(who);
    system.registry().put(who.id(),
                          caf::actor_cast<caf::strong_actor_ptr>(who));
    return who.id();
  }

  /// Returns whether the broker still serves: a node joins, asks an actor and
  /// is answered.
  bool serves(std::uint32_t process = 99) {
    if (!asked)
      asked = publish(system.spawn([]() -> caf::behavior {
        return {[](std::uint8_t number) { return number; }};
      }));
    auto node = join(process);
    node.socket.send(basp::message(
        {basp::direct_message, 0, 0, std::uint64_t{1} << 60 | 1, 7, *asked},
        basp::payload("+@u8", "x")));
    return node.read_to(basp::direct_message)
           && node.payload == basp::payload("+@u8", "x");
  }

  caf::actor_system_config& prepared(const preparation& prepare) {
    if (prepare)
      prepare(config);
    return config;
  }

  relay_config settings;
  system_config config;
  caf::actor_system system;
  caf::scoped_actor self;
  node relay;
  std::vector<caf::actor> published;
  std::optional<std::uint64_t> asked;
};

} // namespace wsrelay::test
