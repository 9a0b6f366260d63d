// A client whose session has an end. It is Unix time, while the clock is
// simulated: what is left of it is known but for how long a test takes, an hour
// at most.
#pragma once

#include "test/support/connected.hpp"

#include "actors/ending.hpp"
#include "protocol/relay_command.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

using namespace std::chrono_literals;

inline constexpr milliseconds margin = 1h;
inline constexpr milliseconds day = 24h;

/// Returns the Unix time that comes in `left`.
inline milliseconds in(milliseconds left) {
  return std::chrono::floor<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
         + left;
}

inline ws_control until(milliseconds time) {
  ws_control result;
  result.expires_at = time;
  return result;
}

inline ws_control move_until(const caf::actor& target, milliseconds time) {
  auto result = move_to(target);
  result.expires_at = time;
  return result;
}

/// A client whose connection ends in `left`, and the two targets.
struct expiring {
  explicit expiring(milliseconds expires_at = in(day),
                    expiry_options expiry = {}, bool holds_joins = false)
      : expiry{std::make_shared<expiry_options>(std::move(expiry))} {
    if (holds_joins)
      target.hold_joins();
    client.emplace(connect(expires_at));
    node.run();
  }

  fake_client connect(milliseconds expires_at) {
    connection_config config;
    config.target = target;
    config.directory = node.directory();
    config.expires_at = expires_at;
    config.expiry = expiry;
    config.join_timeout = 30 * day;
    auto port = node.make_port();
    return {spawn_on(node.system(), nullptr, connection, frame_port_ptr{port},
                     std::move(config)),
            port};
  }

  caf::error answer(ws_control control) {
    auto reply = node.begin_request<void>(client->actor(), std::move(control));
    node.run();
    REQUIRE(reply.answered());
    return reply.error();
  }

  void say(std::string text) {
    client->send_text(std::move(text));
    node.run();
  }

  /// Whether it is open just before `left` is over, and not then.
  void check_ends_in(milliseconds left) {
    node.advance(left / 2);
    CHECK(client->is_open());
    node.advance(left - left / 2 - margin);
    CHECK(client->is_open());
    node.advance(margin);
    CHECK_FALSE(client->is_open());
  }

  void check_never_ends() {
    node.advance(100 * day);
    CHECK(client->is_open());
  }

  checked_node node;
  probe target{node};
  probe other{node};
  std::shared_ptr<const expiry_options> expiry;
  std::optional<fake_client> client;
};

inline const client_close usual_close{4401, "session expired: log in again"};

} // namespace wsrelay::test
