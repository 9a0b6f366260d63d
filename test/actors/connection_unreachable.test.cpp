// A connection that nobody has a handle of any more, as when its system ends:
// CAF destroys it.
#include "actors/caf_compat.hpp"
#include "actors/connection.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

#include <memory>
#include <string>

namespace wsrelay::connection_unreachable_test {

using namespace wsrelay::test;

namespace {

// Says nothing, and keeps what it is closed with.
struct silent_port final : frame_port {
  explicit silent_port(strings& log) : log{log} {}

  bool attach(frame_sink* sink) override {
    if (!sink)
      log.push_back("detached");
    return true;
  }
  std::uint64_t write(message_type, const shared_buffer&, bool) override {
    return 0;
  }
  void ask_drained() override {}
  std::size_t queued_bytes() const override { return 0; }
  std::size_t queued_messages() const override { return 0; }
  std::size_t queued_cost() const override { return 0; }
  void close(std::uint16_t code, std::string_view) override {
    log.push_back("close " + std::to_string(code));
  }
  void resume() override { log.push_back("reads"); }
  void pause() override {}
  time_point now() const override { return time_point{}; }
  void wake_at(time_point) override {}

  strings& log;
};

// Drops what it is sent at once, with the handles in it, and accepts who joins.
struct dropping final : caf::monitorable_actor {
  explicit dropping(caf::actor_config& config)
      : caf::monitorable_actor{config} {}

  using caf::monitorable_actor::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* host) override {
    if (what->mid.is_request())
      enqueue_to(what->sender, nullptr, what->mid.response_id(),
                 caf::make_message(), host);
  }

  static caf::actor make(caf::actor_system& system) {
    caf::actor_config config;
    return caf::make_actor<dropping, caf::actor>(
        system.next_actor_id(), system.node(), &system, config);
  }
};

} // namespace

TEST_CASE(
    "a connection that nobody has any more closes with 1011, and its last "
    "words hold nobody") {
  strings log;
  checked_node node;
  connection_config config;
  config.target = dropping::make(node.system());
  config.directory = node.directory();
  auto client = spawn_on(node.system(), nullptr, connection,
                         std::make_shared<silent_port>(log), std::move(config));
  node.run();
  CHECK(log == strings{"reads"});
  auto id = client.id();
  client = nullptr;
  node.system().registry().erase(id); // as a system does that ends
  CHECK(log == strings{"reads", "close 1011", "detached"});
}

} // namespace wsrelay::connection_unreachable_test
