// The connection's two counters: send_window and pending_writes.
#include "actors/pending_writes.hpp"
#include "actors/send_window.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::credit_test {

using namespace wsrelay::test;

TEST_CASE("a window is full at its size, not before") {
  for (std::uint32_t size : {1, 2, 3, 4, 5, 100, 128}) {
    send_window window{size};
    for (std::uint64_t seq = 1; seq <= size; ++seq) {
      CHECK_FALSE(window.full());
      window.send(seq);
    }
    CHECK(window.full());
  }
}

TEST_CASE("among the messages of a full window one at least is a request") {
  for (std::uint32_t size = 1; size <= 40; ++size) {
    for (std::uint64_t start : {0, 1, 17}) {
      send_window window{size};
      window.reset(start);
      std::uint64_t seq = start;
      std::uint64_t last_request = start;
      // Fill, answer the last request, fill again: it never gets stuck.
      for (int round = 0; round < 20; ++round) {
        while (!window.full())
          if (window.send(++seq))
            last_request = seq;
        window.answer(last_request);
        CHECK_FALSE(window.full());
      }
      CHECK(seq >= start + 20);
    }
  }
}

TEST_CASE("a quarter of a window asks for one answer") {
  send_window window{128};
  int requests = 0;
  for (std::uint64_t seq = 1; seq <= 128; ++seq)
    requests += window.send(seq) ? 1 : 0;
  CHECK(requests == 4);
}

TEST_CASE("an answer counts for everything before it, an old one for nothing") {
  send_window window{4};
  for (std::uint64_t seq = 1; seq <= 4; ++seq)
    window.send(seq);
  window.answer(3);
  CHECK_FALSE(window.full());
  window.answer(1);
  for (std::uint64_t seq = 5; seq <= 7; ++seq)
    window.send(seq);
  CHECK(window.full()); // 4, 5, 6, 7 are open
}

TEST_CASE("a window that is reset is empty") {
  send_window window{2};
  window.send(1);
  window.send(2);
  window.reset(2);
  CHECK_FALSE(window.full());
  window.send(3);
  CHECK_FALSE(window.full());
  window.send(4);
  CHECK(window.full());
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
