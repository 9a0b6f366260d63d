// The usual start of a test of connections: a client whose target has joined.
#pragma once

#include "test/kit/probe.hpp"
#include "test/support/checked_node.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

/// Shows the lines that a test expected and got.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string all;
    for (auto& line : lines)
      all += "\n  " + line;
    return all.c_str();
  }
};

namespace wsrelay::test {

using strings = std::vector<std::string>;

/// A connected client, its target and a second one to move to.
struct connected {
  checked_node node;
  probe target{node, "target"};
  probe other{node, "other"};
  fake_client client;

  explicit connected(const client_options& options = {})
      : client{node.connect(target, options)} {
    node.run();
  }

  /// Sends a request to the connection; runs when `answer` is asked for.
  template <class Message>
  pending_reply<void> begin(Message message) {
    return node.begin_request<void>(client.actor(), std::move(message));
  }

  /// The error that a request is answered with at once; false = none.
  template <class Message>
  caf::error answer(Message message) {
    auto reply = begin(std::move(message));
    node.run();
    REQUIRE(reply.answered());
    return reply.error();
  }

  /// A text message from the client.
  void say(std::string text) {
    client.send_text(std::move(text));
    node.run();
  }
};

/// A control that moves the connection.
inline ws_control move_to(const caf::actor& target) {
  ws_control result;
  result.target = target;
  return result;
}

/// A control that moves the connection to a name or PID.
inline ws_control move_to_name(std::string name) {
  ws_control result;
  result.target_pid = std::move(name);
  return result;
}

} // namespace wsrelay::test
