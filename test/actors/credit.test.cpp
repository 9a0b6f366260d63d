// The connection's two counters: send_window and pending_writes.
#include "actors/pending_writes.hpp"
#include "actors/send_window.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::credit_test {

using namespace wsrelay::test;

namespace {

constexpr std::size_t plenty = 1 << 30;

// Fills a window with messages of a size and returns how many it took.
std::size_t fill(send_window& window, std::size_t size) {
  std::size_t count = 0;
  for (; !window.full(); ++count)
    window.send(size);
  return count;
}

} // namespace

TEST_CASE("a window is full at its size, not before") {
  for (std::uint32_t size : {1, 2, 3, 4, 5, 100, 128}) {
    send_window window{size, plenty};
    CHECK(fill(window, 1000) == size);
  }
}

TEST_CASE("a window is overrun up to twice its bytes, or a mebibyte") {
  send_window small{1, 1000};
  for (int i = 0; i < 1024; ++i) {
    CHECK(small.may_overrun());
    small.send(1024 - 128);
  }
  CHECK_FALSE(small.may_overrun());
  send_window large{1, 1024 * 1024};
  large.send(2 * 1024 * 1024 - 128 - 1);
  CHECK(large.may_overrun());
  large.send(0);
  CHECK_FALSE(large.may_overrun());
  large.answer(large.sent());
  CHECK(large.may_overrun());
}

TEST_CASE("a window is full at its bytes, not before") {
  for (std::size_t bytes : {1, 3, 4, 1000}) {
    send_window window{1000, bytes};
    window.send(bytes - 1);
    CHECK_FALSE(window.full());
    window.send(1);
    CHECK(window.full());
  }
}

TEST_CASE("a message larger than a window passes when nothing is unanswered") {
  send_window window{128, 10};
  CHECK(window.send(1000)); // asks
  CHECK(window.full());
  window.answer(window.sent());
  CHECK_FALSE(window.full());
}

TEST_CASE("empty messages are bounded by their number") {
  send_window window{8, 1};
  CHECK(fill(window, 0) == 8);
}

TEST_CASE("among the messages of a full window one at least is a request") {
  for (std::uint32_t size = 1; size <= 40; ++size) {
    for (std::size_t bytes : {1, 7, 50, 1000}) {
      send_window window{size, bytes};
      fill(window, 1);
      window.answer(window.sent());
      window.reset();
      auto asked = window.sent();
      // Fill, answer the last request, fill again: it never gets stuck.
      for (int round = 0; round < 20; ++round) {
        while (!window.full())
          if (window.send(static_cast<std::size_t>(round % 9)))
            asked = window.sent();
        window.answer(asked);
        CHECK_FALSE(window.full());
      }
    }
  }
}

TEST_CASE("a quarter of a window asks for one answer") {
  send_window by_count{128, plenty};
  send_window by_bytes{1000, 128};
  int first = 0, second = 0;
  for (int i = 0; i < 128; ++i) {
    first += by_count.send(1) ? 1 : 0;
    second += by_bytes.send(1) ? 1 : 0;
  }
  CHECK(first == 4);
  CHECK(second == 4);
}

TEST_CASE("an answer counts for everything before it, an old one for nothing") {
  send_window window{4, plenty};
  std::vector<send_window::mark> sent;
  for (int i = 0; i < 4; ++i) {
    window.send(1);
    sent.push_back(window.sent());
  }
  window.answer(sent[2]);
  CHECK_FALSE(window.full());
  window.answer(sent[0]);
  CHECK(fill(window, 1) == 3); // beside the fourth
}

TEST_CASE("what came back takes no room and was never answered") {
  send_window window{2, plenty};
  fill(window, 1);
  window.give_back(window.sent());
  CHECK_FALSE(window.full());
  CHECK_FALSE(window.all_answered());
  fill(window, 1);
  window.answer(window.sent()); // by whoever gave the first ones to another
  CHECK_FALSE(window.all_answered());
  window.reset();
  CHECK(window.all_answered());
}

TEST_CASE("a window that is reset is empty") {
  send_window window{2, plenty};
  fill(window, 1);
  window.reset();
  CHECK(window.all_answered());
  CHECK(fill(window, 1) == 2);
}

namespace {

// Promises to whoever sends an int, under that number.
struct promises {
  checked_node node;
  pending_writes writes;
  caf::actor actor{node.system().spawn([this](caf::event_based_actor* self) {
    return caf::behavior{[this, self](int number) {
      auto promise = self->make_response_promise<void>();
      writes.add(static_cast<std::uint64_t>(number), promise);
      return promise;
    }};
  })};

  ~promises() { caf::anon_send_exit(actor, caf::exit_reason::kill); }

  pending_reply<void> wait_for(int number) {
    auto reply = node.begin_request<void>(actor, number);
    node.run();
    return reply;
  }
};

} // namespace

TEST_CASE_FIXTURE(promises, "writes are answered up to a number") {
  auto first = wait_for(1);
  auto third = wait_for(3);
  auto fifth = wait_for(5);
  writes.complete(0);
  CHECK_FALSE(first.answered());
  writes.complete(3);
  CHECK(first.succeeded());
  CHECK(third.succeeded());
  CHECK_FALSE(fifth.answered());
  writes.complete(4);
  CHECK_FALSE(fifth.answered());
  auto sixth = wait_for(6);
  writes.complete(100);
  CHECK(fifth.succeeded());
  CHECK(sixth.succeeded());
}

TEST_CASE_FIXTURE(promises, "who waits costs memory, who is answered none in "
                            "the end") {
  CHECK(writes.cost() == 0);
  std::size_t most = 0;
  // Never empty, as in a steady stream.
  auto last = wait_for(0);
  for (int i = 1; i < 1000; ++i) {
    last = wait_for(i);
    writes.complete(static_cast<std::uint64_t>(i) - 1);
    most = std::max(most, writes.cost());
  }
  CHECK(most < 1000);
  CHECK(writes.cost() > 0);
  writes.complete(999);
  CHECK(last.succeeded());
  CHECK(writes.cost() == 0);
}

TEST_CASE_FIXTURE(promises, "a failure answers those who wait, and no others") {
  auto first = wait_for(1);
  auto second = wait_for(2);
  writes.complete(1);
  writes.fail(make_error(errc::connection_lost));
  CHECK(first.succeeded());
  CHECK(second.failed_with(errc::connection_lost));
  auto third = wait_for(3);
  writes.complete(3);
  CHECK(third.succeeded());
  writes.fail(make_error(errc::closing)); // nobody waits
}

} // namespace wsrelay::credit_test
