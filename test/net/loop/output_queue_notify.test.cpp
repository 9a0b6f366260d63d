// Asking afterwards when the kernel has the last message.
#include "test/net/loop/output_queue_fixture.hpp"

#include <string>

namespace wsrelay::output_queue_notify_test {

using namespace wsrelay::test;

namespace {

struct fixture : output_queue_fixture {
  static output_piece ping() { return {"?", opcode::ping, false}; }

  // The kernel takes everything.
  void take_all() { queue.taken(queue.bytes()); }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "the last message that waits is notified, though it "
                           "did not ask for it") {
  for (auto* name : {"1", "2", "3"})
    push(text(name));
  queue.notify_last();
  CHECK(queue.take_notice() == 0); // not before it is gone
  CHECK(send() == outcome::sent);
  CHECK(queue.take_notice() == 3);
  CHECK(queue.take_notice() == 0); // once
}

TEST_CASE_FIXTURE(fixture, "a binary message and one without bytes are "
                           "messages, too") {
  push(text("1"));
  push(binary("2"));
  queue.notify_last();
  take_all();
  CHECK(queue.take_notice() == 2);
  push(text({}));
  queue.notify_last();
  take_all();
  CHECK(queue.take_notice() == 3);
}

TEST_CASE_FIXTURE(fixture, "the last message is not the last piece") {
  push(text("1"));
  push(text("2"));
  push(ping());
  push(raw("bytes"));
  push({"\x03\xe8", opcode::close, false});
  queue.notify_last();
  queue.taken(2 * 3 - 1);
  CHECK(queue.take_notice() == 0);
  queue.taken(1); // the others wait
  CHECK(queue.take_notice() == 2);
  take_all();
  CHECK(queue.take_notice() == 0);
}

TEST_CASE_FIXTURE(fixture, "where no message waits there is nothing to tell") {
  queue.notify_last();
  push(raw("head"));
  push(ping());
  queue.notify_last();
  take_all();
  CHECK(queue.take_notice() == 0);
  push(text("1")); // nor is the next one told of
  take_all();
  CHECK(queue.take_notice() == 0);
}

TEST_CASE_FIXTURE(fixture, "what comes later is not told of") {
  push(text("1"));
  queue.notify_last();
  push(text("2"));
  take_all();
  CHECK(queue.take_notice() == 1);
  push(text("3"));
  take_all();
  CHECK(queue.take_notice() == 0);
}

TEST_CASE_FIXTURE(fixture, "asking twice is asking once, and asking later is "
                           "asking anew") {
  push(text("1"));
  queue.notify_last();
  queue.notify_last();
  push(text("2"));
  queue.notify_last();
  queue.taken(3);
  CHECK(queue.take_notice() == 1);
  take_all();
  CHECK(queue.take_notice() == 2);
}

TEST_CASE_FIXTURE(fixture, "a message that asks for itself is told of as "
                           "before") {
  push(text("1", true));
  push(text("2"));
  push(text("3", true));
  push(text("4"));
  queue.notify_last();
  queue.taken(3);
  CHECK(queue.take_notice() == 1);
  queue.taken(6);
  CHECK(queue.take_notice() == 3);
  queue.taken(3);
  CHECK(queue.take_notice() == 4);
}

TEST_CASE_FIXTURE(fixture, "a message waits until its last byte is taken") {
  constexpr std::size_t size = 2 + 5;
  for (std::size_t taken = 0; taken <= size; ++taken) {
    CAPTURE(taken);
    fixture cut;
    cut.push(text("before"));
    cut.push(text("12345"));
    cut.queue.taken(2 + 6 + taken);
    cut.queue.notify_last();
    CHECK(cut.queue.take_notice() == 0);
    cut.take_all();
    CHECK(cut.queue.take_notice() == (taken < size ? 2 : 0));
    cut.push(text("next"));
    cut.take_all();
    CHECK(cut.queue.take_notice() == 0);
  }
}

// The queue moves what waits to its front now and then.
TEST_CASE_FIXTURE(fixture, "the last message is found wherever it is kept") {
  for (std::size_t taken = 0; taken <= 10; ++taken) {
    CAPTURE(taken);
    fixture some;
    for (auto i = 0; i < 10; ++i)
      some.push(text("x"));
    some.queue.taken(taken * 3);
    some.queue.notify_last();
    some.push(ping());
    some.take_all();
    CHECK(some.queue.take_notice() == (taken < 10 ? 10 : 0));
  }
}

TEST_CASE_FIXTURE(fixture,
                  "what stands behind a flood that is not read is told "
                  "of when it has been sent") {
  push(text(make_text(100'000)));
  push(text("last"));
  REQUIRE(send() == outcome::blocked);
  queue.notify_last();
  CHECK(queue.take_notice() == 0);
  deliver();
  CHECK(queue.take_notice() == 2);
  CHECK(received == expected); // its frames are as they were
}

TEST_CASE_FIXTURE(fixture, "what was cleared is not told of, and counting goes "
                           "on") {
  push(text("1"));
  push(text("2"));
  queue.notify_last();
  queue.clear();
  CHECK(queue.take_notice() == 0);
  queue.notify_last();
  queue.push(text("3"));
  queue.notify_last();
  take_all();
  CHECK(queue.take_notice() == 3);
}

TEST_CASE_FIXTURE(fixture, "what a broken socket has lost is not told of") {
  push(text(make_text(100'000)));
  queue.notify_last();
  peer.close();
  CHECK(send() == outcome::failed);
  CHECK(queue.take_notice() == 0);
}

} // namespace wsrelay::output_queue_notify_test
