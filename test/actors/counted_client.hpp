// A client whose connection counts and records what it does.
#pragma once

#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace wsrelay::test {

/// The counts of an endpoint "ws", and the record of the last client.
struct counted_client {
  // Opens the client and runs.
  void open(connection_config config = {}) {
    config.target = target;
    config.counts = counts;
    config.record = record;
    config.remote_address = "192.0.2.1";
    config.directory = node.directory();
    auto port = node.make_port();
    client.emplace(spawn_on(node.system(), nullptr, connection,
                            frame_port_ptr{port}, std::move(config)),
                   port);
    node.run();
  }

  // In which phases connections are: "relaying", "binding parked x2".
  std::string phases() const {
    std::string result;
    for (std::size_t i = 0; i < connection_phase_count; ++i)
      if (auto count = counts->phases[i].get()) {
        result += result.empty() ? "" : " ";
        result += to_text(static_cast<connection_phase>(i));
        if (count > 1)
          result += " x" + std::to_string(count);
      }
    return result;
  }

  // How connections have ended: "slow_consumer 1013".
  strings ends() const {
    strings result;
    for (std::size_t cause = 0; cause < end_cause_count; ++cause)
      for (std::size_t kind = 0; kind < close_code_kinds; ++kind)
        for (auto i = counts->ended[cause][kind].get(); i > 0; --i)
          result.push_back(std::string{to_text(static_cast<end_cause>(cause))}
                           + " " + close_code_text(kind));
    return result;
  }

  std::string events() const {
    std::string result;
    for (auto& row : record->rows())
      result += (result.empty() ? "" : " ") + row.what;
    return result;
  }

  connection_report report() {
    auto answer = node.request<connection_report>(client->actor(),
                                                  connection_report_get{});
    REQUIRE(answer);
    return *answer;
  }

  template <class Message>
  pending_reply<void> ask(Message message) {
    auto reply = node.begin_request<void>(client->actor(), std::move(message));
    node.run();
    return reply;
  }

  void say(std::string text) {
    client->send_text(std::move(text));
    node.run();
  }

  void send(std::string text) {
    node.send(client->actor(), ws_send{message_type::text, text});
    node.run();
  }

  checked_node node;
  probe target{node};
  probe other{node};
  std::shared_ptr<relay_counts> counts = std::make_shared<relay_counts>("ws");
  flight_record_ptr record = caf::make_counted<flight_record>(node.now());
  std::optional<fake_client> client;
};

} // namespace wsrelay::test
