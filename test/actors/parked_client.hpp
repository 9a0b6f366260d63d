// A client whose route parks, its target "chat", and two that may come after
// it. At the end of a test every join has had its leave.
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/ending.hpp"
#include "actors/successors.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

using namespace std::chrono_literals;

inline constexpr auto lost_node = caf::exit_reason::remote_link_unreachable;

/// A route's options: after every end there is, for 30 seconds.
inline parking_options after_all() {
  parking_options result;
  result.policy = target_exit_policy::park;
  result.endings.normal = true;
  return result;
}

inline parking_options redelivering() {
  auto result = after_all();
  result.redeliver = true;
  return result;
}

inline parking_options telling() {
  auto result = after_all();
  result.events = true;
  return result;
}

struct parkable_options {
  parking_options parking = after_all();
  std::string target_name = "chat";
  std::string metadata = "{}";
  milliseconds heartbeat_interval{0};
  milliseconds expires_at{0}; // Unix time
  std::uint32_t window = 128;
  std::size_t output_limit = 4 * 1024 * 1024;
  overflow_options overflow{};
  std::size_t max_connections = 100; // of the lot
  std::size_t max_bytes = 1024 * 1024;
};

struct parkable {
  explicit parkable(parkable_options how = {}) : options{std::move(how)} {
    CHECK(node.put("chat", target));
    client.emplace(connect(target));
    node.run();
  }

  // Who is gone is waited for by nobody, and what it said by nobody for long.
  ~parkable() {
    node.lose_all();
    node.advance(options.parking.time + 10s);
    CHECK(lot->connections() == 0);
    CHECK(lot->bytes() == 0);
    check_leaves(target, 0);
    check_leaves(other, refused);
    check_leaves(third, 0);
  }

  fake_client connect(const caf::actor& whom) {
    connection_config config;
    config.target = whom;
    config.metadata = options.metadata;
    config.heartbeat_interval = options.heartbeat_interval;
    config.expires_at = options.expires_at;
    config.window = options.window;
    config.output_limit = options.output_limit;
    config.overflow =
        std::make_shared<const overflow_options>(options.overflow);
    if (options.parking.is_on())
      config.parking = std::make_shared<const parking_options>(options.parking);
    config.lot = lot;
    config.target_name = options.target_name;
    config.flows = counts;
    config.directory = node.directory();
    auto port = node.make_port();
    return {spawn_on(node.system(), nullptr, connection, frame_port_ptr{port},
                     std::move(config)),
            port};
  }

  /// One leave for each join that was not refused; who has ended got the last
  /// ones in vain.
  void check_leaves(const probe& who, std::size_t without) {
    auto joins = who.joins().size() - without;
    auto leaves = who.leaves().size();
    if (is_alive(who.actor()))
      CHECK(joins == leaves);
    else
      CHECK(joins >= leaves);
  }

  template <class Message>
  pending_reply<void> begin(Message message) {
    return node.begin_request<void>(client->actor(), std::move(message));
  }

  /// The error that a request is answered with at once; false = none.
  template <class Message>
  caf::error answer(Message message) {
    auto reply = begin(std::move(message));
    node.run();
    REQUIRE(reply.answered());
    return reply.error();
  }

  void say(std::string text) {
    client->send_text(std::move(text));
    node.run();
  }

  void crash(probe& who) {
    who.crash();
    node.run();
  }

  void end(probe& who, caf::error reason) {
    who.end(std::move(reason));
    node.run();
  }

  /// Somebody takes the name; whoever waits for it hears of it.
  void put(const caf::actor& who, std::string name = "chat") {
    CHECK(node.put(std::move(name), who));
    node.advance(most_successor_pause);
  }

  /// The node of all targets says that it stops; it has taken the name back.
  void say_goodbye(std::string name = "chat") {
    node.send(node.directory(), directory_erase{std::move(name), nullptr});
    node.run();
    node.send(client->actor(), node_stops{node.system().node(), nullptr});
    node.run();
  }

  /// While the client lives: behind that there may be last words.
  bool is_parked() const { return lot->connections() > 0; }

  parkable_options options;
  checked_node node;
  probe target{node};
  probe other{node};
  probe third{node};
  std::size_t refused = 0; // joins, by `other`
  std::shared_ptr<flow_counts> counts = std::make_shared<flow_counts>();
  std::shared_ptr<parking_lot> lot = std::make_shared<parking_lot>(
      options.max_connections, options.max_bytes,
      node.system().spawn<caf::hidden>(successors, node.directory()));
  std::optional<fake_client> client;
};

/// A way in which a target ends, and how a connection closes then.
struct target_end {
  const char* name;
  void (*happen)(parkable&);
  bool park_endings::*listed;
  const char* word;
  client_close frame;
};

inline const std::vector<target_end> target_ends{
    {"crash", [](parkable& on) { on.crash(on.target); }, &park_endings::crashed,
     "crashed", client_close{1011, "target failed: connect again"}},
    {"kill",
     [](parkable& on) {
       caf::anon_send_exit(on.target.actor(), caf::exit_reason::kill);
       on.node.run();
     },
     &park_endings::crashed, "crashed",
     client_close{1011, "target failed: connect again"}},
    {"loss of its node", [](parkable& on) { on.end(on.target, lost_node); },
     &park_endings::lost, "lost",
     client_close{1011, "target lost: connect again"}},
    {"goodbye of its node", [](parkable& on) { on.say_goodbye(); },
     &park_endings::shutdown, "shutdown",
     client_close{1001, "target shut down: connect again"}},
    {"shutdown",
     [](parkable& on) { on.end(on.target, caf::exit_reason::user_shutdown); },
     &park_endings::shutdown, "shutdown",
     client_close{1001, "target shut down: connect again"}},
    {"normal end", [](parkable& on) { on.end(on.target, {}); },
     &park_endings::normal, "normal",
     client_close{1000, "target ended: nothing more comes"}},
};

} // namespace wsrelay::test
