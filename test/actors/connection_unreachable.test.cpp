// A connection that is left when its system ends: nobody has a handle of it any
// more, and CAF destroys it.
#include "actors/connection.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

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
  void resume() override {}
  void pause() override {}
  time_point now() const override { return time_point{}; }
  void wake_at(time_point) override {}

  strings& log;
};

} // namespace

TEST_CASE(
    "a connection that is left when its system ends closes with 1011, and "
    "its last words hold nobody") {
  strings log;
  {
    test_node node;
    node.allow_left_actors();
    node.run();
    auto target = node.system().spawn([&log]() -> caf::behavior {
      return {[&log](const ws_join&) { log.push_back("join"); },
              [](const ws_leave&) {}};
    });
    node.put("target", target); // it outlives the connection
    connection_config config;
    config.target = target;
    config.directory = node.directory();
    spawn_on(node.system(), nullptr, connection,
             std::make_shared<silent_port>(log), std::move(config));
    node.run();
    CHECK(log == strings{"join"});
  }
  CHECK(log == strings{"join", "close 1011", "detached"});
}

} // namespace wsrelay::connection_unreachable_test
