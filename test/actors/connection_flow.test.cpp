// Flow control: a slow target slows its client, a slow client harms nobody.
#include "test/support/connected.hpp"

namespace wsrelay::connection_flow_test {

using namespace wsrelay::test;

namespace {

// Offers more messages than the window; returns how many the target got.
std::size_t relayed(connected& on, std::size_t offered) {
  for (std::size_t i = 0; i < offered; ++i)
    on.client.send_text("x");
  on.node.run();
  return on.target.messages().size();
}

ws_send bytes(std::size_t size) {
  return {message_type::binary, shared_buffer{std::string(size, 'x')}};
}

} // namespace

// Known failure 21: a client that sends fast was disconnected.
TEST_CASE("a window of N lets exactly N messages be unanswered") {
  for (std::uint32_t window : {1, 2, 3, 4, 5, 7, 8, 11, 128}) {
    CAPTURE(window);
    connected on{{.window = window}};
    on.target.hold();
    CHECK(relayed(on, window - 1) == window - 1);
    CHECK_FALSE(on.client.is_paused());
    CHECK(relayed(on, 1) == window);
    CHECK(on.client.is_paused());
    CHECK(relayed(on, 10) == window);
    on.target.release();
    on.node.run();
    CHECK_FALSE(on.client.is_paused());
    CHECK(on.target.messages().size() == window + 10);
    CHECK(on.target.messages().back().seq == window + 10);
  }
}

TEST_CASE("a target that answers errors gets its credit back") {
  checked_node node;
  auto rude = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](const ws_join&) {}, [](const ws_leave&) {},
                         [](const ws_message&) -> caf::result<void> {
                           return make_error(errc::busy);
                         }};
  });
  auto client = node.connect(rude, {.window = 2});
  for (int i = 0; i < 10; ++i)
    client.send_text("x");
  node.run();
  CHECK_FALSE(client.is_paused());
  CHECK(client.received().empty());
  caf::anon_send_exit(rude, caf::exit_reason::kill);
}

TEST_CASE("output below and at the limit stays, one byte more closes") {
  // Each message costs more than its bytes.
  connected on{{.output_limit = 100 + 3 * queued_message_cost}};
  on.client.stall();
  for (auto size : {60, 39, 1})
    on.node.send(on.client.actor(), bytes(static_cast<std::size_t>(size)));
  on.node.run();
  CHECK(on.client.is_open());
  auto last = on.begin(bytes(0));
  on.node.run();
  CHECK(last.failed_with(errc::slow_consumer));
  CHECK(on.target.log().back() == "leave slow_consumer 1013 last=0");
  on.client.read_again();
  on.node.run();
  // What was queued still arrives, then the close frame.
  CHECK(on.client.received().size() == 3);
  CHECK(on.client.close_frame()
        == client_close{
            1013, "too slow: read what comes sooner, then connect again"});
}

TEST_CASE("many small messages are bounded by what they cost") {
  constexpr std::size_t limit = 64 * 1024;
  connected on{{.output_limit = limit}};
  on.client.stall();
  for (std::size_t i = 0; i < limit; ++i)
    on.node.send(on.client.actor(), bytes(1));
  on.node.run();
  CHECK(on.target.log().back() == "leave slow_consumer 1013 last=0");
  on.client.read_again();
  on.node.run();
  CHECK(on.client.received().size() == limit / (queued_message_cost + 1));
}

TEST_CASE("those who wait for an answer count as well") {
  constexpr std::size_t limit = 64 * 1024;
  connected on{{.output_limit = limit}};
  on.client.stall();
  std::vector<pending_reply<void>> replies;
  for (std::size_t i = 0; i < 400; ++i)
    replies.push_back(on.begin(bytes(1)));
  on.node.run();
  CHECK(replies.back().answered()); // by the end
  on.client.read_again();
  on.node.run();
  CHECK(on.client.received().size() < limit / (queued_message_cost + 40));
}

TEST_CASE("a window of N bytes lets N bytes be unanswered, or one message") {
  for (std::size_t size : {1, 100, 2500, 5000}) {
    CAPTURE(size);
    connected on{{.window_bytes = 2500}};
    on.target.hold();
    for (int i = 0; i < 100; ++i)
      on.client.send_text(std::string(size, 'x'));
    on.node.run();
    CHECK(on.client.is_paused() == (size > 1));
    CHECK(on.target.messages().size()
          == std::min<std::size_t>((2500 + size - 1) / size, 100));
    on.target.release();
    on.node.run();
    CHECK_FALSE(on.client.is_paused());
    CHECK(on.target.messages().size() == 100);
  }
}

TEST_CASE(
    "who goes behind more than its target takes is read on in bounds, and "
    "not for ever") {
  constexpr int all = 10'000;
  connected on{{.window = 4}};
  constexpr std::size_t bound = 8 * 1024 * 1024 / (1000 + 128);
  on.target.hold();
  for (int i = 0; i < all; ++i)
    on.client.send_text(std::string(1000, 'x'));
  on.client.lose();
  on.node.advance(fake_frame_port::close_timeout - milliseconds{1});
  CHECK(on.target.messages().size() == 4);
  on.node.advance(milliseconds{1});
  CHECK(on.target.messages().size() == bound + 1);
  CHECK(on.client.is_paused());
  on.node.advance(fake_frame_port::close_timeout - milliseconds{1});
  CHECK(on.client.is_open());
  on.node.advance(milliseconds{1});
  CHECK_FALSE(on.client.is_open());
  REQUIRE(on.target.leaves().size() == 1);
  CHECK(on.target.leaves()[0].reason == leave_reason::connection_lost);
  CHECK(on.target.leaves()[0].last_seq == bound + 1);
}

TEST_CASE("who goes behind what its target takes after a while is heard to its "
          "end") {
  connected on{{.window = 4}};
  on.target.hold();
  for (int i = 0; i < 10'000; ++i)
    on.client.send_text(std::string(1000, 'x'));
  on.client.lose();
  on.node.advance(fake_frame_port::close_timeout + milliseconds{1'000});
  on.target.release();
  on.node.run();
  CHECK(on.target.messages().size() == 10'000);
  CHECK(on.target.leaves().size() == 1);
}

TEST_CASE("a slow client that never reads again is dropped in the end") {
  connected on{{.output_limit = 100}};
  on.client.stall();
  auto first = on.begin(bytes(100));
  auto second = on.begin(bytes(1));
  on.node.advance(fake_frame_port::close_timeout - milliseconds{1});
  CHECK(on.client.is_open());
  CHECK(second.failed_with(errc::slow_consumer));
  on.node.advance(milliseconds{1});
  CHECK_FALSE(on.client.is_open());
  CHECK_FALSE(on.client.close_frame());
  CHECK(first.failed_with(errc::connection_lost));
  auto info = to_close_info(on.client.exit_reason().value());
  REQUIRE(info);
  CHECK(info->reason == leave_reason::slow_consumer);
}

TEST_CASE("a message larger than the limit fails alone") {
  connected on{{.output_limit = 100}};
  CHECK(is(on.answer(bytes(101)), errc::message_too_big));
  CHECK_FALSE(on.answer(bytes(100)));
  CHECK(on.client.received().size() == 1);
  CHECK(on.client.is_open());
}

TEST_CASE("an envelope counts as a whole") {
  connected on{{.output_limit = 100}};
  // {"topic":"t","data":""} has 23 bytes beside the string.
  auto event = [](std::size_t size) {
    return ws_event{"t", shared_buffer{'"' + std::string(size, 'x') + '"'}};
  };
  CHECK_FALSE(on.answer(event(77)));
  CHECK(on.client.received()[0].data.size() == 100);
  CHECK(is(on.answer(event(78)), errc::message_too_big));
  CHECK(on.client.is_open());
}

// Known failures 2 and 3: one client that does not read stalled a broadcast;
// when it disconnected the process crashed.
TEST_CASE("a client that does not read delays nobody") {
  checked_node node;
  probe target{node};
  auto slow = node.connect(target, {.output_limit = 1000});
  auto fast = node.connect(target, {.output_limit = 1000});
  node.run();
  slow.stall();
  for (int i = 0; i < 2000; ++i) {
    for (auto& join : target.joins())
      node.send(join.client, bytes(10));
    node.run();
  }
  CHECK(fast.received().size() == 2000);
  CHECK(fast.is_open());
  slow.lose();
  node.run();
  CHECK_FALSE(slow.is_open());
  CHECK(target.leaves().size() == 1);
}

TEST_CASE("a client that is lost with a backlog harms nobody") {
  connected on;
  on.client.stall();
  for (int i = 0; i < 100; ++i)
    on.node.send(on.client.actor(), bytes(1000));
  on.node.run();
  on.client.lose();
  on.node.run();
  CHECK(on.target.log().back() == "leave connection_lost 1006 last=0");
  CHECK(on.client.exit_reason().value());
}

} // namespace wsrelay::connection_flow_test
