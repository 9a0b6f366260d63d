// A client that is held back: what else comes at its time, and meanwhile.
#include "test/actors/rated_client.hpp"

#include "actors/ending.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wsrelay::connection_rate_time_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

constexpr auto& ten = ten_messages;

/// So slow that a message is paid for in days.
constexpr rate_options one_byte{
    .bytes = 1, .burst = 1s, .patience = std::nullopt};

// The session's end is Unix time, while the clock is simulated: what is left is
// known but for how long a test takes.
constexpr milliseconds margin = 1h;
constexpr milliseconds day = 24h;

milliseconds in(milliseconds left) {
  return std::chrono::floor<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
         + left;
}

/// A port whose clock goes on with each look at it, as that of a loop does.
struct ticking_port final : frame_port {
  bool attach(frame_sink* to) override {
    sink = to;
    return true;
  }
  std::uint64_t write(message_type, const shared_buffer&, bool) override {
    return 1;
  }
  void ask_drained() override {}
  std::size_t queued_bytes() const override { return 0; }
  std::size_t queued_messages() const override { return 0; }
  std::size_t queued_cost() const override { return 0; }
  void close(std::uint16_t, std::string_view) override {}
  void resume() override { is_paused = false; }
  void pause() override { is_paused = true; }
  time_point now() const override { return time += tick; }
  void wake_at(time_point when) override { wake = when; }

  frame_sink* sink = nullptr;
  bool is_paused = true;
  time_point wake = time_point::max();
  time_point::duration tick{0};
  mutable time_point time{1h};
};

} // namespace

// -- at its time --------------------------------------------------------------

// A loop's timers fire late, by up to 128 ms: others come before them.
TEST_CASE("a control just when a client may send again does not keep it from "
          "that") {
  rated on{ten};
  on.send(11);
  ws_control topic;
  topic.message_topic = std::string{"in"};
  caf::delayed_anon_send(on.client->actor(), 100ms, std::move(topic));
  on.node.advance(100ms);
  CHECK(on.relayed() == 11);
  on.node.advance(100ms);
  CHECK_FALSE(on.client->is_paused());
}

TEST_CASE("a control while a client is held back does not keep it from its "
          "time") {
  rated on{ten};
  on.send(11);
  ws_control topic;
  topic.message_topic = std::string{"in"};
  on.node.advance(50ms);
  CHECK_FALSE(on.answer(std::move(topic)));
  on.node.advance(49ms);
  CHECK(on.relayed() == 10);
  on.node.advance(1ms);
  CHECK(on.relayed() == 11);
}

// Its time may come between two looks at the clock.
TEST_CASE("who is held back is woken, however time passes meanwhile") {
  checked_node node;
  probe target{node};
  for (auto tick = 0us; tick <= 1'100us; tick += 20us) {
    CAPTURE(tick.count());
    auto port = std::make_shared<ticking_port>();
    connection_config config;
    config.target = target;
    config.directory = node.directory();
    config.rate = {.messages = 1'000, .burst = 1ms};
    config.flows = std::make_shared<flow_counts>();
    auto actor = spawn_on(node.system(), nullptr, connection,
                          frame_port_ptr{port}, std::move(config));
    node.run();
    REQUIRE(port->sink);
    REQUIRE_FALSE(port->is_paused);
    port->tick = tick;
    port->sink->on_frame(message_type::text, shared_buffer{std::string{"x"}});
    auto is_woken = !port->is_paused || port->wake != time_point::max();
    CHECK(is_woken);
    port->sink->on_closed(end_cause::connection_lost);
    node.run();
  }
}

// -- meanwhile ----------------------------------------------------------------

TEST_CASE("a session ends at its time, also while its client is held back") {
  rated on{one_byte, {.expires_at = in(day)}};
  on.send_bytes(1'000'000);
  on.node.advance(day - margin);
  CHECK(on.client->is_open());
  CHECK(on.client->is_paused());
  on.node.advance(margin);
  CHECK(on.client->close_frame()
        == client_close{4401, "session expired: log in again"});
  CHECK(on.target.log().back() == "leave expired 4401 last=1");
  CHECK(on.counts->held_back == 1);
  CHECK(on.counts->ended == 0);
}

TEST_CASE("a target gets its heartbeats while a client is held back") {
  rated on{one_byte, {.heartbeat_interval = 1s}};
  on.send_bytes(1'000'000);
  on.node.advance(10s);
  CHECK(on.target.heartbeats().size() == 10);
  CHECK(on.client->is_paused());
}

TEST_CASE("a client that is held back gets what is sent to it") {
  rated on{one_byte};
  on.send_bytes(1'000'000);
  on.node.send(on.client->actor(),
               ws_send{message_type::text, shared_buffer{std::string{"hi"}}});
  on.node.run();
  CHECK(on.client->received().size() == 1);
  CHECK(on.client->is_paused());
}

TEST_CASE("a client that is held back may be closed") {
  rated on{one_byte};
  on.send_bytes(1'000'000);
  on.node.send(on.client->actor(), ws_close{4000, "enough"});
  on.node.run();
  CHECK(on.client->close_frame() == client_close{4000, "enough"});
  CHECK(on.target.log().back() == "leave closed 4000 last=1");
  on.node.advance(day);
  CHECK(on.counts->ended == 0);
}

// -- its end ------------------------------------------------------------------

TEST_CASE("a client that says goodbye while it is held back is read to its "
          "end") {
  rated on{ten};
  on.send(50);
  on.client->close(1000);
  on.node.advance(4s - 1ms);
  CHECK(on.relayed() == 49);
  CHECK(on.client->is_open());
  on.node.advance(1ms);
  on.check_got(50);
  CHECK(on.target.log().back() == "leave client_closed 1000 last=50");
  CHECK_FALSE(on.client->is_open());
}

// As behind a window that is full.
TEST_CASE("a client that is gone does not keep its connection for long") {
  rated on{ten};
  on.send(1'000);
  SUBCASE("with a close frame") {
    on.client->close(1000);
    on.node.advance(5s);
    CHECK(on.target.log().back() == "leave client_closed 1000 last=1000");
  }
  SUBCASE("without one") {
    on.client->lose();
    on.node.advance(5s);
    CHECK(on.target.log().back() == "leave connection_lost 1006 last=1000");
  }
  on.check_got(1'000);
  CHECK_FALSE(on.client->is_open());
  CHECK(on.counts->ended == 0);
}

} // namespace wsrelay::connection_rate_time_test
