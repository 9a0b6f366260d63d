// Frames on their way to a kernel that takes as little as it likes.
#include "test/net/loop/output_queue_fixture.hpp"

#include <random>

namespace wsrelay::output_queue_test {

using namespace wsrelay::test;

namespace {

struct fixture : output_queue_fixture {
  // How many bytes the kernel takes when nobody reads.
  static std::size_t capacity() {
    fixture other;
    other.push(raw(std::string(1 << 20, 'x')));
    REQUIRE(other.send() == outcome::blocked);
    return (1 << 20) - other.queue.bytes();
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "an empty queue has nothing to send") {
  CHECK(queue.empty());
  CHECK(send() == outcome::sent);
  CHECK(queue.take_notice() == 0);
  CHECK(queue.size() == 0);
  CHECK(queue.bytes() == 0);
  CHECK(queue.pushed() == 0);
}

TEST_CASE_FIXTURE(fixture, "frames and raw bytes leave whole and in order") {
  push(raw("HTTP/1.1 101\r\n\r\n"));
  push(text("hello"));
  push({"?", opcode::ping, false});
  push(binary(std::string(300, 'b')));
  push({"!", opcode::pong, false});
  push({"\x03\xe8", opcode::close, false});
  CHECK(send() == outcome::sent);
  CHECK(queue.empty());
  receive_taken();
  CHECK(received == expected);
  CHECK(received.substr(16, 7) == "\x81\x05hello");
}

TEST_CASE_FIXTURE(fixture, "empty payloads are frames too, empty raw bytes are "
                           "nothing") {
  push(text({}));
  push(raw({}));
  push(binary({}));
  push({{}, opcode::ping, false});
  push(raw({}));
  CHECK(send() == outcome::sent);
  receive_taken();
  using namespace std::string_literals;
  CHECK(received == "\x81\0\x82\0\x89\0"s);
}

TEST_CASE_FIXTURE(fixture, "more pieces than one call takes leave in order") {
  for (auto count : {63, 64, 65, 127, 128, 129, 1000}) {
    CAPTURE(count);
    for (int i = 0; i < count; ++i)
      push(text(std::to_string(i)));
    deliver();
    CHECK(received == expected);
    CHECK(queue.empty());
  }
}

TEST_CASE_FIXTURE(fixture, "it counts what waits, headers included, and the "
                           "messages that ever came") {
  push(text("12345"));
  push({"ping", opcode::ping, false});
  push(binary(std::string(126, 'x')));
  push(raw("raw"));
  CHECK(queue.size() == 4);
  CHECK(queue.bytes() == 2 + 5 + 2 + 4 + 4 + 126 + 3);
  CHECK(queue.messages() == 2);
  CHECK(queue.pushed() == 2);
  deliver();
  CHECK(queue.size() == 0);
  CHECK(queue.messages() == 0);
  CHECK(queue.bytes() == 0);
  CHECK(queue.pushed() == 2);
}

TEST_CASE_FIXTURE(fixture, "bytes keep their order under back-pressure, and "
                           "the count is what the kernel has not taken") {
  std::random_device device;
  auto seed = device();
  CAPTURE(seed);
  std::mt19937 random{seed};
  for (int i = 0; i < 500; ++i) {
    auto size = random() % (random() % 20 == 0 ? 70'000 : 300);
    auto data = make_text(size);
    switch (random() % 4) {
      case 0:
        push(raw(data));
        break;
      case 1:
        push(binary(data));
        break;
      default:
        push(text(data));
    }
    if (random() % 3 == 0)
      send();
    if (random() % 10 == 0) // not all of it: never read beyond the count
      receive_taken();
    REQUIRE(expected.starts_with(received));
  }
  deliver();
  CHECK(received == expected);
}

TEST_CASE_FIXTURE(fixture, "one call gives the kernel only so much") {
  constexpr auto most = output_queue::max_sent;
  int large = 400'000;
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_SNDBUF, &large,
               sizeof large);
  std::size_t left = 0;
  SUBCASE("less") {
    push(raw(make_text(most - 1)));
  }
  SUBCASE("as much") {
    push(raw(make_text(most)));
  }
  SUBCASE("more") {
    push(raw(make_text(most + 1)));
    left = 1;
  }
  SUBCASE("more in many pieces") {
    for (int i = 0; i < 200; ++i)
      push(raw(make_text(most / 100)));
    left = 200 * (most / 100) - most;
  }
  CHECK(send() == (left == 0 ? outcome::sent : outcome::paused));
  CHECK(queue.bytes() == left);
  receive_taken();
  deliver();
  CHECK(received == expected);
}

TEST_CASE_FIXTURE(fixture, "a frame that was cut anywhere goes on right "
                           "there") {
  auto room = capacity();
  for (std::size_t size : {5u, 1000u, 65'536u})
    for (std::size_t taken = 0; taken < 16; ++taken) {
      CAPTURE(size);
      CAPTURE(taken);
      fixture cut;
      cut.push(raw(make_text(room - taken)));
      cut.push(text(make_text(size), true));
      cut.push(binary("behind it, and more than the kernel has room for"));
      auto all = cut.queue.bytes();
      REQUIRE(cut.send() == outcome::blocked);
      REQUIRE(all - cut.queue.bytes() == room); // cut where it was meant
      CHECK(cut.queue.take_notice() == (taken >= size + 2 ? 1 : 0));
      CHECK(cut.send() == outcome::blocked); // again, without any room
      cut.deliver();
      CHECK(cut.received == cut.expected);
    }
}

TEST_CASE_FIXTURE(fixture, "a message is notified when the kernel has its last "
                           "byte, not before") {
  auto room = capacity();
  push(raw(make_text(room - 2 - 4)));
  push(text("12345", true));
  REQUIRE(send() == outcome::blocked);
  REQUIRE(queue.bytes() == 1);
  CHECK(queue.take_notice() == 0);
  receive_taken();
  REQUIRE(send() == outcome::sent);
  CHECK(queue.take_notice() == 1);
  CHECK(queue.take_notice() == 0); // once
}

TEST_CASE_FIXTURE(fixture, "only messages count, and only those that want it "
                           "are notified") {
  push(raw("head"));
  push(text("1"));
  push({"ping", opcode::ping, false});
  CHECK(send() == outcome::sent);
  CHECK(queue.take_notice() == 0);
  push(text("2", true));
  push(text("3", true));
  push(text("4"));
  CHECK(send() == outcome::sent);
  CHECK(queue.take_notice() == 3); // the last of them counts for all
  push(text("5"));
  CHECK(send() == outcome::sent);
  CHECK(queue.take_notice() == 0);
  push({{}, opcode::binary, true});
  CHECK(send() == outcome::sent);
  CHECK(queue.take_notice() == 6);
}

TEST_CASE_FIXTURE(fixture, "what stands behind an unread flood is not "
                           "notified") {
  push(text("first", true));
  push(text(make_text(100'000), true));
  push(text("last", true));
  REQUIRE(send() == outcome::blocked);
  CHECK(queue.take_notice() == 1);
  CHECK(queue.size() == 2);
  deliver();
  CHECK(queue.take_notice() == 3);
}

TEST_CASE_FIXTURE(fixture, "one buffer is sent as text and as binary") {
  shared_buffer data{"both"};
  push(text(data));
  push(binary(data));
  push(text(data));
  deliver();
  CHECK(received
        == "\x81\x04"
           "both\x82\x04"
           "both\x81\x04"
           "both");
}

TEST_CASE_FIXTURE(fixture, "what is cleared is never sent") {
  push(text(make_text(100'000), true));
  push(text("more", true));
  REQUIRE(send() == outcome::blocked);
  receive_taken();
  queue.clear();
  CHECK(queue.empty());
  CHECK(queue.size() == 0);
  CHECK(queue.bytes() == 0);
  CHECK(send() == outcome::sent);
  CHECK(queue.take_notice() == 0);
  queue.clear(); // twice
  socket.close();
  CHECK(peer.receive() == "");
}

TEST_CASE_FIXTURE(fixture, "a queue that was cleared begins with a whole "
                           "frame") {
  push(text(make_text(100'000)));
  REQUIRE(send() == outcome::blocked);
  receive_taken();
  queue.clear();
  queue.push(text("new"));
  CHECK(queue.bytes() == 5);
  CHECK(send() == outcome::sent);
  CHECK(peer.receive_exactly(5) == "\x81\x03new");
}

TEST_CASE_FIXTURE(fixture, "a queue that was cleared goes on counting where it "
                           "was") {
  push(text("1"));
  push(text("2", true));
  queue.clear();
  push(text("3", true));
  REQUIRE(queue.pushed() == 3);
  CHECK(send() == outcome::sent);
  CHECK(queue.take_notice() == 3);
}

TEST_CASE_FIXTURE(fixture, "a broken socket fails once and forgets "
                           "everything") {
  push(text("taken", true));
  REQUIRE(send() == outcome::sent);
  push(text(make_text(100'000), true));
  peer.close();
  CHECK(send() == outcome::failed);
  CHECK(queue.empty());
  CHECK(queue.bytes() == 0);
  CHECK(queue.pushed() == 2);
  CHECK(queue.take_notice() == 1);
  CHECK(send() == outcome::sent); // there is nothing left to fail
  push(text("again"));
  CHECK(send() == outcome::failed);
}

TEST_CASE_FIXTURE(fixture, "a closed descriptor fails") {
  push(text("never"));
  CHECK(queue.send_to(-1) == outcome::failed);
  CHECK(queue.empty());
}

} // namespace wsrelay::output_queue_test
