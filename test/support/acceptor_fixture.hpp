// An acceptor on a node without loops: its functions are called by the test.
#pragma once

#include "actors/acceptor.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

/// Where the test says how much waits.
struct fake_nodes final : target_nodes {
  bool reaches(const caf::actor&) const override { return true; }
  const std::atomic<bool>*
  pressure_on(const caf::actor& target) const override {
    return target == elsewhere ? nullptr : &is_high;
  }

  caf::actor elsewhere; // never much waits for it
  std::atomic<bool> is_high{false};
};

/// The acceptor, and what it is asked.
struct accepting {
  using response = std::optional<caf::expected<http_response>>;

  fake_nodes nodes; // connections use it until the node has ended
  checked_node node;
  caf::actor actor{spawn_on(node.system(), nullptr, acceptor,
                            acceptor_config{node.directory(), &nodes})};
  std::vector<caf::actor> handlers;

  accepting() { node.run(); }

  ~accepting() {
    for (auto& handler : handlers)
      caf::anon_send_exit(handler, caf::exit_reason::kill);
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  }

  acceptor_state& state() {
    return static_cast<acceptor_actor*>(
               caf::actor_cast<caf::abstract_actor*>(actor))
        ->state;
  }

  /// Registers a handler made of one function.
  template <class F>
  caf::actor handle(std::string name, F f) {
    auto made = node.system().spawn([f](caf::event_based_actor* self) {
      self->set_default_handler(caf::drop);
      return caf::behavior{f};
    });
    handlers.push_back(made);
    REQUIRE(node.put(std::move(name), made));
    return made;
  }

  /// Asks and runs; holds what comes back, once it has come.
  std::shared_ptr<response> ask(std::string handler, http_request request = {},
                                milliseconds timeout = milliseconds{1000}) {
    auto result = std::make_shared<response>();
    state().ask(handler, std::move(request), timeout,
                [result](caf::expected<http_response> x) {
                  CHECK_FALSE(*result); // once
                  *result = std::move(x);
                });
    CHECK_FALSE(*result); // never before it returns
    node.run();
    return result;
  }

  /// Opens a connection and does not run.
  fake_client open_now(const caf::actor& target) {
    auto port = node.make_port();
    connection_config config;
    config.target = target;
    return {state().open(port, std::move(config), "192.0.2.1", "ws"), port};
  }
};

} // namespace wsrelay::test
