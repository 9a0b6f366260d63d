// Time on the line between nodes: what is waited for, and what is a sign of
// life. Nothing waits for a time to pass: the heartbeats of another node, which
// has nothing else to do and endures much, tell that time goes by.
#include "net/cluster/basp_stream.hpp"
#include "test/net/cluster/wire_fixture.hpp"
#include "test/support/line_sink.hpp"

#include <functional>
#include <future>

namespace wsrelay::slow_lines_test {

using namespace wsrelay::test;

namespace {

// Times what a node endures and what goes by: enough for a test that gets no
// turn for a while, under the sanitizers for longer.
#ifdef __SANITIZE_ADDRESS__
constexpr int pace = 8;
#else
constexpr int pace = 2;
#endif

// Ticks every 10 ms. The node that is tested does not tick for it: while that
// one is busy, whoever waits for its heartbeat before he says something would
// be silent for as long.
struct ticker {
  wire_node node{wire_config(10ms, 300s)};
  wire watch{node.join(5)};

  // Lets `count` ticks go by; `each` is done after each.
  template <class F>
  void tick(int count, F each) {
    for (; count > 0; --count) {
      REQUIRE(watch.read_to(basp::heartbeat));
      each();
    }
  }

  void tick(int count) {
    tick(count, [] {});
  }
};

// A node that is answered more than the kernel takes: 8 MiB.
wire join_and_ask_much(wire_node& node) {
  auto much = node.publish(node.system.spawn([]() -> caf::behavior {
    return {[](std::uint8_t) { return std::string(1 << 20, 'x'); }};
  }));
  wire result{plain_socket::connect_to(node.port(), 65'536)};
  REQUIRE(result.read_to(basp::server_handshake));
  result.socket.send(basp::hello(6));
  for (std::uint64_t i = 1; i <= 8; ++i)
    result.socket.send(basp::message(
        {basp::direct_message, 0, 0, std::uint64_t{1} << 60 | i, 7, much},
        basp::payload("+@u8", "x")));
  return result;
}

// An answer that is written as soon as the test wants.
struct held_up {
  inline static std::function<void()> wait;
};

template <class Inspector>
auto inspect(Inspector& f, held_up&) {
  if constexpr (Inspector::reads_state)
    if (auto wait = std::exchange(held_up::wait, nullptr))
      wait();
  return f(caf::meta::type_name("held_up"));
}

} // namespace

TEST_CASE("who connects waits for the greeting, not for heartbeats") {
  plain_listener there;
  wire_node node{wire_config(10ms, 50ms, there.port())};
  wire other{there.accept()};
  ticker clock;
  clock.tick(12); // more than the interval, and than the timeout
  other.socket.send(basp::server_hello(6));
  REQUIRE(other.read_to(basp::client_handshake));
  clock.tick(12); // what it answers takes as long
  other.socket.send(basp::header({}));
  CHECK(other.read_to(basp::heartbeat));
  other.drain(); // it has said no more
}

TEST_CASE("every byte of a long message is a sign of life") {
  wire_node node{wire_config(20ms, pace * 100ms)};
  ticker clock;
  auto slow = node.join(6);
  auto message = basp::message(
      {basp::direct_message, 0, 0, 0, 0, 1 << 30},
      basp::payload("+@str", basp::text(std::string(pace * 20, 'x'))));
  std::size_t sent = 0;
  clock.tick(pace * 20, [&] { slow.socket.send(message.substr(sent++, 1)); });
  slow.socket.send(message.substr(sent));
  CHECK(slow.read_to(basp::heartbeat));
  clock.tick(4);
  slow.socket.send(basp::message({basp::client_handshake, 2}, basp::node(7)));
  slow.drain(); // as another node: ended for that, not before
}

TEST_CASE("a node is not lost for what a broker that is held up has not read") {
  captured_log log;
  ticker clock;
  wire_node node{wire_config(10ms, pace * 100ms), [](auto& config) {
                   config.template add_message_type<held_up>("held_up");
                 }};
  auto other = node.join(6);
  REQUIRE(other.read_to(basp::heartbeat));
  other.socket.send(basp::header({}));
  std::promise<void> is_held;
  std::promise<void> may_go_on;
  held_up::wait = [&] {
    is_held.set_value();
    may_go_on.get_future().wait();
  };
  auto slow = node.publish(node.system.spawn([]() -> caf::behavior {
    return {[](std::uint8_t) { return held_up{}; }};
  }));
  other.socket.send(basp::message(
      {basp::direct_message, 0, 0, std::uint64_t{1} << 60 | 1, 7, slow},
      basp::payload("+@u8", "x")));
  REQUIRE(is_held.get_future().wait_for(patience) == std::future_status::ready);
  other.socket.send(basp::header({}));
  clock.tick(pace * 30); // three times what the node endures
  may_go_on.set_value();
  CHECK(other.read_to(basp::direct_message));
  CHECK(other.read_to(basp::heartbeat));
  other.socket.send(basp::header({}));
  CHECK(other.read_to(basp::heartbeat));
  CHECK_FALSE(log.sink->has("node lost"));
}

TEST_CASE("a node that is silent is reset, and a line says for how long") {
  captured_log log;
  wire_node node{wire_config(10ms, 100ms)};
  auto silent = node.join(5);
  silent.drain();
  CHECK(holds_soon([&] {
    return log.sink->has("node lost: address=127.0.0.1 reason=\"silent for ")
           && log.sink->has("longer than heartbeat_timeout (100ms): it is gone "
                            "or frozen, or its heartbeat_interval does not "
                            "fit");
  }));
}

TEST_CASE("a node that lives and takes nothing is lost, and a line says for "
          "how long") {
  captured_log log;
  wire_node node{wire_config(20ms, 400ms)};
  ticker clock;
  auto lazy = join_and_ask_much(node);
  auto is_lost = [&] {
    return log.sink->has(
               "node lost: address=127.0.0.1 reason=\"it took nothing "
               "of what it is sent for ")
           && log.sink->has("longer than ten times heartbeat_timeout (4000ms)");
  };
  for (int ticks = 0; !is_lost() && ticks < 1000; ++ticks)
    clock.tick(1, [&] { lazy.socket.send(basp::header({})); });
  CHECK(is_lost());
  CHECK(node.serves());
}

TEST_CASE("a node that takes a little now and then is not lost") {
  constexpr std::size_t ticks = pace * 120; // more than what the node endures
  constexpr std::size_t bite = (1 << 22) / ticks;
  captured_log log;
  wire_node node{wire_config(10ms, pace * 100ms)};
  ticker clock;
  auto slow = join_and_ask_much(node);
  std::size_t read = 0;
  clock.tick(ticks, [&] {
    slow.socket.send(basp::header({}));
    read += slow.socket.receive_exactly(bite).size();
  });
  CHECK(read == ticks * bite);
  CHECK_FALSE(log.sink->has("node lost"));
}

TEST_CASE("where nodes of different times meet, both lines name the setting") {
  captured_log log;
  wire_node hasty{wire_config(10ms, 100ms)};
  wire_node slow{wire_config(5s, 8s, hasty.port())};
  CHECK(holds_soon([&] {
    return log.sink->has("silent for ")
           && log.sink->has("its heartbeat_interval (5000ms)");
  }));
}

} // namespace wsrelay::slow_lines_test
