// Frames on their way to a kernel that takes as little as it likes.
#include "net/loop/output_queue.hpp"

#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <algorithm>
#include <list>
#include <random>

using namespace wsrelay;
using namespace wsrelay::test;
using outcome = output_queue::outcome;

namespace {

output_piece text(shared_buffer data, bool notify = false) {
  return {std::move(data), opcode::text, notify};
}

output_piece binary(shared_buffer data) {
  return {std::move(data), opcode::binary, false};
}

output_piece raw(shared_buffer data) {
  return {std::move(data), std::nullopt, false};
}

// Bytes whose order shows.
std::string make_text(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; result.size() < size; ++i)
    result += std::to_string(i) + " ";
  result.resize(size);
  return result;
}

// What a piece is on the wire, made byte by byte (RFC 6455 section 5.2).
std::string to_wire(const output_piece& piece) {
  std::string data{piece.data.view()};
  if (!piece.op)
    return data;
  std::string result{static_cast<char>(0x80 | static_cast<int>(*piece.op))};
  auto length_size = data.size() < 126 ? 0 : data.size() < 65536 ? 2 : 8;
  result += static_cast<char>(length_size == 0   ? data.size()
                              : length_size == 2 ? 126
                                                 : 127);
  for (int i = length_size - 1; i >= 0; --i)
    result += static_cast<char>(data.size() >> 8 * i & 0xff);
  return result + data;
}

// A queue, and a pair of sockets of which the kernel takes only a little.
struct fixture {
  fixture() {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    int small = 4096;
    ::setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    socket = plain_socket{pair[0]};
    peer = plain_socket{pair[1]};
  }

  void push(output_piece piece) {
    expected += to_wire(piece);
    queue.push(std::move(piece));
  }

  outcome send() { return queue.send_to(socket.descriptor()); }

  // Reads what the queue says the kernel has.
  void receive_taken() {
    auto count = expected.size() - queue.bytes() - received.size();
    received += peer.receive_exactly(count);
  }

  // Sends until everything has arrived.
  void deliver() {
    while (send() == outcome::blocked)
      receive_taken();
    receive_taken();
  }

  // How many bytes the kernel takes when nobody reads.
  static std::size_t capacity() {
    fixture other;
    other.push(raw(std::string(1 << 20, 'x')));
    REQUIRE(other.send() == outcome::blocked);
    return (1 << 20) - other.queue.bytes();
  }

  plain_socket socket;
  plain_socket peer;
  spare_pieces spare;
  output_queue queue{spare};
  std::string expected; // everything that was pushed
  std::string received;
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

// -- memory -------------------------------------------------------------------

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
    spare.clear();
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

TEST_CASE("the memory of many queues is kept up to a limit") {
  for (std::size_t count : {255u, 256u, 257u}) {
    CAPTURE(count);
    spare_pieces spare;
    {
      std::list<output_queue> queues;
      for (std::size_t i = 0; i < count; ++i)
        queues.emplace_back(spare).push(text("a"));
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
