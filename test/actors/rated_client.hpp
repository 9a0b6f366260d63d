// A client whose connection has a rate, and two targets.
#pragma once

#include "actors/rate_gate.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace wsrelay::test {

/// Ten messages at once, then one in 100 ms.
inline constexpr rate_options ten_messages{.messages = 10,
                                           .burst = milliseconds{1'000}};

inline rate_options with_patience(rate_options rate,
                                  std::optional<milliseconds> patience) {
  rate.patience = patience;
  return rate;
}

/// The limits of a connection beside its rate.
struct other_limits {
  std::uint32_t window = 128;
  milliseconds expires_at{0};         // Unix time, 0 = never
  milliseconds heartbeat_interval{0}; // 0 = off
};

/// A client with a rate, and two targets.
struct rated {
  explicit rated(const rate_options& rate, const other_limits& limits = {}) {
    connection_config config;
    config.target = target;
    config.directory = node.directory();
    config.window = limits.window;
    config.expires_at = limits.expires_at;
    config.heartbeat_interval = limits.heartbeat_interval;
    config.rate = rate;
    config.flows = counts;
    auto port = node.make_port();
    client.emplace(spawn_on(node.system(), nullptr, connection,
                            frame_port_ptr{port}, std::move(config)),
                   port);
    node.run();
  }

  /// The client sends so many messages, the number in each.
  void send(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      client->send_text(std::to_string(++sent));
    node.run();
  }

  /// And one message of so many bytes.
  void send_bytes(std::size_t size) {
    client->send_binary(std::string(size, 'x'));
    node.run();
  }

  /// How many the first target got so far.
  std::size_t relayed() const { return target.messages().size(); }

  /// Checks that both targets together got the first `count` messages, each of
  /// them once, in order.
  void check_got(std::size_t count) const {
    REQUIRE(target.messages().size() + other.messages().size() == count);
    std::size_t next = 1;
    for (auto* who : {&target, &other})
      for (auto& each : who->messages()) {
        CHECK(each.seq == next);
        CHECK(each.data.view() == std::to_string(next));
        ++next;
      }
  }

  caf::error answer(ws_control control) {
    auto reply = node.begin_request<void>(client->actor(), std::move(control));
    node.run();
    REQUIRE(reply.answered());
    return reply.error();
  }

  checked_node node;
  probe target{node};
  probe other{node};
  std::shared_ptr<flow_counts> counts = std::make_shared<flow_counts>();
  std::optional<fake_client> client;
  std::size_t sent = 0;
};

} // namespace wsrelay::test
