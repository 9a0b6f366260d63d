// Time on the line between nodes: what is waited for, and what is a sign of
// life. Nothing waits for a time to pass: heartbeats on another connection tell
// that ticks have gone by.
#include "net/cluster/basp_stream.hpp"
#include "test/net/cluster/wire_fixture.hpp"
#include "test/support/line_sink.hpp"

namespace wsrelay::slow_lines_test {

using namespace wsrelay::test;

namespace {

// Lets `count` ticks of the node's broker go by; `each` is done after each.
template <class F>
void tick(wire& witness, int count, F each) {
  for (; count > 0; --count) {
    REQUIRE(witness.read_to(basp::heartbeat));
    witness.socket.send(basp::header({})); // it lives, too
    each();
  }
}

void tick(wire& witness, int count) {
  tick(witness, count, [] {});
}

} // namespace

TEST_CASE("who connects waits for the greeting, not for heartbeats") {
  plain_listener there;
  wire_node node{wire_config(10ms, 50ms, there.port())};
  wire other{there.accept()};
  auto witness = node.join(5);
  tick(witness, 12); // more than the interval, and than the timeout
  other.socket.send(basp::server_hello(6));
  REQUIRE(other.read_to(basp::client_handshake));
  tick(witness, 12); // what it answers takes as long
  other.socket.send(basp::header({}));
  CHECK(other.read_to(basp::heartbeat));
  other.drain(); // it has said no more
}

TEST_CASE("every byte of a long message is a sign of life") {
  wire_node node{wire_config(20ms, 100ms)};
  auto witness = node.join(5);
  auto slow = node.join(6);
  auto message = basp::message({basp::direct_message, 0, 0, 0, 0, 1 << 30},
                               basp::payload("+@str", basp::text("0123456789"
                                                                 "012345")));
  std::size_t sent = 0;
  tick(witness, 15, [&] { slow.socket.send(message.substr(sent++, 1)); });
  slow.socket.send(message.substr(sent));
  CHECK(slow.read_to(basp::heartbeat));
  tick(witness, 2);
  slow.socket.send(basp::message({basp::client_handshake, 2}, basp::node(7)));
  slow.drain(); // as another node: ended for that, not before
}

TEST_CASE("a node that is silent is reset, and a line says for how long") {
  captured_log log;
  wire_node node{wire_config(10ms, 100ms)};
  auto silent = node.join(5);
  silent.drain();
  CHECK(holds_soon([&] {
    return log.sink->has("node lost: address=127.0.0.1 reason=silent for ")
           && log.sink->has("longer than heartbeat_timeout (100ms): it is gone "
                            "or frozen, or its heartbeat_interval does not "
                            "fit");
  }));
}

TEST_CASE("where nodes of different times meet, both lines name the setting") {
  captured_log log;
  wire_node hasty{wire_config(10ms, 100ms)};
  wire_node slow{wire_config(5s, 8s, hasty.port())};
  CHECK(holds_soon([&] {
    return log.sink->has("silent for ")
           && log.sink->has("this node's heartbeat_interval (5000ms)");
  }));
}

} // namespace wsrelay::slow_lines_test
