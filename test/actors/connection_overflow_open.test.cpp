// Slow clients where a policy could do harm in vain: what fits all the same,
// what never fits, and pongs in the way.
#include "test/actors/overflow_client.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wsrelay::connection_overflow_open_test {

using namespace wsrelay::test;

namespace {

// A client of whose messages three are on their way and six wait, each with a
// key: there is no room.
struct full : slow {
  explicit full(overflow_policy policy = overflow_policy::latest)
      : slow{{.policy = policy, .event = "gap"}} {
    fill(3);
    for (auto* name : {"a", "b", "c", "d", "e", "f"})
      send(keyed(name, name), way::request);
  }
};

// A socket with pongs to send: they take memory and are no messages.
class ponging_port final : public frame_port {
public:
  explicit ponging_port(std::shared_ptr<fake_frame_port> port)
      : port_{std::move(port)} {}

  bool attach(frame_sink* sink) override { return port_->attach(sink); }
  std::uint64_t write(message_type type, const shared_buffer& data,
                      bool notify) override {
    return port_->write(type, data, notify);
  }
  void ask_drained() override {
    if (port_->queued_messages() > 0)
      port_->ask_drained();
    else // as a socket does: there is nothing of which it could tell
      asked_in_vain = true;
  }
  std::size_t queued_bytes() const override { return port_->queued_bytes(); }
  std::size_t queued_messages() const override {
    return port_->queued_messages();
  }
  std::size_t queued_cost() const override {
    return port_->queued_cost() + cost_of_pongs;
  }
  void close(std::uint16_t code, std::string_view reason) override {
    port_->close(code, reason);
  }
  void resume() override { port_->resume(); }
  void pause() override { port_->pause(); }
  time_point now() const override { return port_->now(); }
  void wake_at(time_point when) override { port_->wake_at(when); }

  std::size_t cost_of_pongs = 0;
  bool asked_in_vain = false;

private:
  std::shared_ptr<fake_frame_port> port_;
};

} // namespace

// "A message takes the place of the one with its key that waits. Where that
// makes no room: as drop_oldest."
TEST_CASE("a message that takes another one's place needs no other room") {
  full on;
  on.ask(keyed("c2", "c"));
  CHECK(on.answers()
        == "a=waits b=waits c=dropped d=waits e=waits f=waits "
           "c2=waits");
  CHECK(on.counts->dropped == 0);
  CHECK(on.counts->replaced == 1);
  CHECK(on.read() == "1 2 3 a b c2 d e f");
}

TEST_CASE("a message takes the place of the oldest one, too") {
  full on;
  on.ask(keyed("a2", "a"));
  CHECK(on.counts->dropped == 0);
  CHECK(on.counts->replaced == 1);
  CHECK(on.read() == "1 2 3 a2 b c d e f");
}

TEST_CASE("where the place of the one with its key is too small the oldest are "
          "dropped") {
  full on;
  on.ask(keyed("c2", "c", 3 * part));
  CHECK(on.answers()
        == "a=dropped b=dropped c=dropped d=waits e=waits "
           "f=waits c2=waits");
  CHECK(on.counts->dropped == 2);
  CHECK(on.counts->replaced == 1);
  CHECK(on.read() == "1 2 3 gap=2 c2 d e f");
}

// What the socket has, and those with priority, cannot give way: the others
// would be dropped for nothing.
TEST_CASE("a message that finds no room even so has nobody dropped") {
  for (auto policy : {overflow_policy::drop_oldest, overflow_policy::latest}) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .event = "gap"}};
    on.fill(6);
    on.ask({"large", 80'000});
    CHECK(on.answers() == "large=dropped");
    CHECK(on.counts->dropped == 1);
    CHECK(on.read() == "1 2 3 4 5 6 gap=1");
  }
}

TEST_CASE("one with priority that finds no room even so has nobody dropped") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .event = "gap"}};
    on.fill(6);
    on.ask(urgent("large", 80'000));
    CHECK(on.answers() == "large=dropped");
    CHECK(on.read() == "1 2 3 4 5 6 gap=1");
  }
}

// "In the place of those that are missing": before what came after them.
TEST_CASE("where one with priority takes the room of the only other one its "
          "hole is before it") {
  for (auto policy : {overflow_policy::drop_oldest, overflow_policy::latest}) {
    CAPTURE(name_of(policy));
    slow on{{.policy = policy, .event = "gap", .limit = 25'000}};
    on.fill(1);
    on.send(urgent("u"));
    on.send(urgent("v"));
    CHECK(on.read() == "1 gap=1 v");
  }
}

// "Bytes of memory, whatever waits for the client."
TEST_CASE("keys take memory as payloads do") {
  slow on{{.policy = overflow_policy::latest}};
  on.fill(3);
  for (auto i = 0; i < 100; ++i)
    on.send(keyed("x", std::to_string(i) + std::string(part, 'k'), 1));
  CHECK(on.counts->dropped > 0);
}

// The port has no message of which it could tell that it was sent: what waits
// would wait for ever.
TEST_CASE("a drop behind pongs alone stops nothing that comes later") {
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    checked_node node;
    hearer target{node};
    auto inner = node.make_port();
    auto port = std::make_shared<ponging_port>(inner);
    connection_config config;
    config.target = target;
    config.output_limit = part;
    config.overflow = std::make_shared<const overflow_options>(
        overflow_options{policy, "gap"});
    fake_client client{spawn_on(node.system(), nullptr, connection,
                                frame_port_ptr{port}, std::move(config)),
                       inner};
    node.run();
    port->cost_of_pongs = 2 + 125 + queued_message_cost;
    auto large = node.begin_request<void>(client.actor(),
                                          letter{"large", part}.as_send());
    node.run();
    port->cost_of_pongs = 0; // the kernel has taken it
    node.run();
    auto next =
        node.begin_request<void>(client.actor(), letter{"next", 10}.as_send());
    node.run();
    CHECK(large.answered());
    CHECK(next.succeeded());
    CHECK_FALSE(port->asked_in_vain);
  }
}

} // namespace wsrelay::connection_overflow_open_test
