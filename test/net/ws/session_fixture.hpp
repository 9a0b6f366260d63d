// A session between a target that keeps a record and a client that misbehaves
// byte by byte.
#pragma once

#include "actors/ending.hpp"
#include "test/net/http/raw_client.hpp"
#include "test/net/node_fixture.hpp"

#include <algorithm>

namespace wsrelay::test {

using strings = std::vector<std::string>;

/// More than the kernel holds of a connection, in more pieces than pongs wait.
inline constexpr std::size_t flood_pieces = 150;
inline constexpr std::size_t flood_piece = 256 * 1024;

/// What a target saw: messages, and how its connections left.
class target_record {
public:
  void add(std::string what) {
    std::unique_lock guard{mutex_};
    seen_.push_back(std::move(what));
  }
  void joined(const caf::actor& who) {
    std::unique_lock guard{mutex_};
    client_ = who;
  }
  strings seen() {
    std::unique_lock guard{mutex_};
    return seen_;
  }
  caf::actor client() {
    std::unique_lock guard{mutex_};
    return client_;
  }

private:
  std::mutex mutex_;
  strings seen_;
  caf::actor client_;
};

using shared_record = std::shared_ptr<target_record>;

/// "leave CAUSE CODE".
inline std::string describe(const ws_leave& message) {
  return "leave " + std::string{to_text(message.reason)} + " "
         + std::to_string(message.code);
}

/// Keeps a record, and floods the client that asks for it.
inline caf::behavior recording(caf::event_based_actor* self, shared_record to) {
  auto flood = shared_buffer{std::string(flood_piece, 'x')};
  return {
      [to](const ws_join& message) { to->joined(message.client); },
      [=](const ws_message& message) {
        if (message.data.view() == "flood")
          for (std::size_t i = 0; i < flood_pieces; ++i)
            self->send(message.client, ws_send{message_type::binary, flood});
        to->add(std::string{message.data.view()});
      },
      [to](const ws_leave& message) { to->add(describe(message)); },
  };
}

/// A node whose clients do what the test does.
struct ws_session_fixture : node_fixture {
  /// A node with one target, "a", that always runs on the loop.
  void start_with(caf::behavior (*what)(caf::event_based_actor*, shared_record),
                  const std::function<void(relay_config&)>& change = {}) {
    auto config = make_config();
    options(config).output_limit = 1 << 30;
    options(config).ping_interval.reset();
    config.services.front().in_place_budget = 10s;
    if (change)
      change(config);
    start(config);
    target = add("a", system.spawn(what, log));
  }

  static relay_options& options(relay_config& config) {
    return config.routers.front().options;
  }

  raw_client connect_raw(const std::string& behind = {}) {
    return raw_client{relay->port(), "/ws/to/a", behind};
  }

  /// Whatever reached the loop before is handled: it has one thread, and tells
  /// of its sockets in the order in which they became ready.
  void settle() {
    if (!other)
      other.emplace(relay->port(), "/ws/to/echo");
    for (int i = 0; i < 3; ++i) {
      other->send("settle");
      REQUIRE(other->receive() == "settle");
    }
  }

  bool saw(const std::string& what) {
    return holds_soon([&] {
      auto seen = log->seen();
      return std::find(seen.begin(), seen.end(), what) != seen.end();
    });
  }

  /// Lets the target flood a client that does not read, until the output is
  /// blocked.
  void block(raw_client& client) {
    client.send("flood");
    REQUIRE(saw("flood"));
    settle();
  }

  static bool receives_flood(raw_client& client) {
    auto expected = "binary " + std::string(flood_piece, 'x');
    for (std::size_t i = 0; i < flood_pieces; ++i)
      if (client.receive() != expected)
        return false;
    return true;
  }

  shared_record log = std::make_shared<target_record>();
  caf::actor target;
  std::optional<ws_client> other;
};

} // namespace wsrelay::test
