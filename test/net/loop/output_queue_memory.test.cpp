// A queue copies no payload, and gives the memory for its pieces back.
#include "test/net/loop/output_queue_fixture.hpp"

#include <algorithm>
#include <list>

namespace wsrelay::output_queue_memory_test {

using namespace wsrelay::test;
using fixture = output_queue_fixture;

TEST_CASE_FIXTURE(fixture, "a payload is not copied: what is sent stands in "
                           "the buffer") {
  shared_buffer data{"payload"};
  queue.push(text(data));
  output_queue other{spare};
  other.push(text(data));
  // Nobody but a test writes into shared bytes.
  *const_cast<char*>(data.data()) = 'P';
  CHECK(send() == outcome::sent);
  CHECK(other.send_to(socket.descriptor()) == outcome::sent);
  CHECK(peer.receive_exactly(18) == "\x81\x07Payload\x81\x07Payload");
}

TEST_CASE_FIXTURE(fixture, "an empty queue gives its memory back, and the next "
                           "one uses it") {
  CHECK(spare.empty());
  for (int i = 0; i < 10; ++i)
    push(text("a"));
  CHECK(spare.empty());
  deliver();
  REQUIRE(spare.size() == 1);
  CHECK(spare.back().empty());
  CHECK(spare.back().capacity() >= 10);
  auto* memory = spare.back().data();
  output_queue other{spare};
  other.push(text("b"));
  CHECK(spare.empty());
  other.clear();
  REQUIRE(spare.size() == 1);
  CHECK(spare.back().data() == memory);
}

TEST_CASE_FIXTURE(fixture, "memory comes back from a queue that failed, was "
                           "cleared or ended") {
  push(text("a"));
  SUBCASE("failed") {
    peer.close();
    CHECK(send() == outcome::failed);
  }
  SUBCASE("cleared") {
    queue.clear();
  }
  SUBCASE("ended") {
    output_queue other{spare};
    other.push(text("b"));
    queue.clear();
    spare.take();
  }
  CHECK(spare.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a blocked queue keeps its memory") {
  push(text(make_text(100'000)));
  REQUIRE(send() == outcome::blocked);
  CHECK(spare.empty());
  deliver();
  CHECK(spare.size() == 1);
}

// 256 pieces and 256 queues are what a loop keeps at most.
TEST_CASE_FIXTURE(fixture, "the memory of a queue that was long is not kept") {
  for (int i = 0; i < 257; ++i)
    push(text("a"));
  deliver();
  CHECK(received == expected);
  CHECK(spare.empty());
}

TEST_CASE_FIXTURE(fixture,
                  "what a long queue held when it was dropped is freed "
                  "later, little by little") {
  for (std::size_t count : {256u, 257u, 1000u}) {
    CAPTURE(count);
    auto data = shared_buffer{make_text(100)};
    for (std::size_t i = 0; i < count; ++i)
      push(text(data));
    queue.clear();
    expected = received; // nothing of it comes
    CHECK(queue.empty());
    CHECK(queue.cost() == 0);
    CHECK(queue.all_gone() == queue.all_pushed());
    CHECK(spare.has_spent() == (count > 256));
    std::size_t steps = 0;
    for (; spare.has_spent(); ++steps)
      spare.free_some({}); // the least that it does
    CHECK(steps == (count > 256 ? (count + 63) / 64 : 0));
  }
  push(text("a")); // and is as before
  deliver();
}

TEST_CASE("the memory of many queues is kept up to a limit") {
  for (std::size_t count : {255u, 256u, 257u}) {
    CAPTURE(count);
    spare_pieces spare;
    {
      std::list<output_queue> queues;
      for (std::size_t i = 0; i < count; ++i)
        queues.emplace_back(spare).push(fixture::text("a"));
      CHECK(spare.empty());
    }
    CHECK(spare.size() == std::min<std::size_t>(count, 256));
  }
}

TEST_CASE_FIXTURE(fixture, "a queue that is never empty keeps no memory for "
                           "what was sent") {
  auto data = shared_buffer{make_text(2000)};
  for (int i = 0; i < 60; ++i)
    push(text(data));
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(send() == outcome::blocked);
    receive_taken();
    while (queue.size() < 60)
      push(text(data));
    REQUIRE(queue.size() <= 60);
  }
  deliver();
  CHECK(received == expected);
  // 256 pieces are the most that is kept: it never needed more.
  REQUIRE(spare.size() == 1);
  CHECK(spare.back().capacity() <= 256);
}

} // namespace wsrelay::output_queue_memory_test
