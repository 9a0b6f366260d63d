// Messages compressed and back. The bytes are those of RFC 7692 section 7.2.3.
#include "net/ws/deflate.hpp"

#include "test/support/heap.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay::deflate_test {

namespace {

using namespace std::string_literals;
using outcome = message_inflater::outcome;

constexpr std::size_t mib = 1024 * 1024;

struct inflated {
  outcome what;
  std::string text;

  bool operator==(const inflated&) const = default;
};

inflated inflate(message_inflater& inflater, std::string_view bytes) {
  buffer_builder out;
  auto what = inflater.inflate(bytes, out);
  return {what, std::string{out.view()}};
}

inflated inflate(std::string_view bytes, std::size_t limit = mib) {
  message_inflater inflater{15, false, limit};
  return inflate(inflater, bytes);
}

inflated good(std::string text) {
  return {outcome::ok, std::move(text)};
}

const inflated malformed{outcome::malformed, ""};
const inflated too_big{outcome::too_big, ""};

std::string deflate(message_deflater& deflater, std::string_view message) {
  return std::string{deflater.deflate(message).view()};
}

std::string deflate(std::string_view message, int level = 6) {
  message_deflater deflater{level, 15, false};
  return deflate(deflater, message);
}

// A block that is stored as it is, and may be a final one.
std::string stored(std::string_view text, bool final = false) {
  auto size = static_cast<unsigned>(text.size());
  std::string out{final ? '\1' : '\0'};
  for (auto part : {size, size >> 8, ~size, ~size >> 8})
    out += static_cast<char>(part & 0xFF);
  return out.append(text);
}

// The most memory that this program ever had at a time.
std::size_t peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

// Random letters, so that it does not compress to nothing.
std::string random_message(std::mt19937& random) {
  auto below = [&random](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
  };
  std::string out(below(std::size_t{1} << below(18)), ' ');
  auto letters = 1 + below(256);
  for (auto& c : out)
    c = static_cast<char>(below(letters));
  return out;
}

} // namespace

TEST_CASE("RFC 7692 7.2.3.1: a message in one block") {
  CHECK(deflate("Hello") == "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
  CHECK(inflate("\xf2\x48\xcd\xc9\xc9\x07\x00"s) == good("Hello"));
}

TEST_CASE(
    "RFC 7692 7.2.3.2: with takeover a message refers to the one before") {
  message_deflater deflater{6, 15, true};
  message_inflater inflater{15, true, mib};
  auto first = deflate(deflater, "Hello");
  auto second = deflate(deflater, "Hello");
  CHECK(first == "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
  CHECK(second == "\xf2\x00\x11\x00\x00"s);
  CHECK(inflate(inflater, first) == good("Hello"));
  CHECK(inflate(inflater, second) == good("Hello"));
}

TEST_CASE("RFC 7692 7.2.3.3: a block without compression") {
  CHECK(inflate("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s)
        == good("Hello"));
}

TEST_CASE("RFC 7692 7.2.3.4: a final block, with an empty one behind it") {
  CHECK(inflate("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s) == good("Hello"));
}

TEST_CASE("RFC 7692 7.2.3.5: two blocks in one message") {
  CHECK(inflate("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s)
        == good("Hello"));
}

TEST_CASE("RFC 7692 7.2.3.6: an empty message is one byte") {
  for (bool takeover : {false, true}) {
    message_deflater deflater{6, 15, takeover};
    message_inflater inflater{15, takeover, mib};
    for (int i = 0; i < 3; ++i) {
      CHECK(deflate(deflater, "") == "\x00"s);
      CHECK(inflate(inflater, "\x00"s) == good(""));
    }
    CHECK(inflate(inflater, deflate(deflater, "a")) == good("a"));
  }
}

TEST_CASE("no payload at all is an empty message") {
  for (bool takeover : {false, true}) {
    message_inflater inflater{15, takeover, 0};
    CHECK(inflate(inflater, "") == good(""));
    CHECK(inflate(inflater, "\x00"s) == good(""));
    CHECK(inflate(inflater, "") == good(""));
  }
}

TEST_CASE("RFC 7692 7.2.1: after a final block the next one follows") {
  CHECK(inflate(stored("Hel", true) + stored("lo") + "\0"s) == good("Hello"));
  CHECK(inflate(stored("Hel", true) + stored("lo", true) + "\0"s)
        == good("Hello"));
  // It may refer to what came before: five bytes, from five bytes ago.
  CHECK(inflate(stored("Hello", true) + "\x02\x13\x00\x00"s)
        == good("HelloHello"));
}

TEST_CASE("a final block may be the end of the payload") {
  CHECK(inflate("\xf3\x48\xcd\xc9\xc9\x07\x00"s) == good("Hello"));
  CHECK(inflate(stored("Hello", true)) == good("Hello"));
  // A chunk of output that is full to the byte.
  for (std::size_t size : {16'383, 16'384, 16'385, 32'768})
    CHECK(inflate(stored(std::string(size, 'x'), true))
          == good(std::string(size, 'x')));
}

TEST_CASE("a final block ends the message, not the context") {
  message_inflater inflater{15, true, mib};
  CHECK(inflate(inflater, stored("Hello", true)) == good("Hello"));
  CHECK(inflate(inflater, "\x02\x13\x00\x00"s) == good("Hello"));
}

TEST_CASE("garbage after a final block is malformed") {
  CHECK(inflate(stored("Hello", true) + "\x07garbage") == malformed);
  CHECK(inflate(stored("Hello", true) + "\x00\x01"s) == malformed);
}

TEST_CASE("wrong data is malformed") {
  CHECK(inflate("\xff\xff\xff\xff"s) == malformed);
  CHECK(inflate("Hello") == malformed);
  CHECK(inflate("\x00\x05\x00\xfa\xfeHello\x00"s) == malformed); // its length
  CHECK(inflate("\x02\x13\x00\x00"s) == malformed); // refers to nothing
}

TEST_CASE("incomplete data is malformed") {
  std::string message;
  for (int i = 0; i < 50; ++i)
    message += "{\"id\":" + std::to_string(i * i) + "}";
  auto whole = deflate(message);
  REQUIRE(whole.size() > 100);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(inflate(whole.substr(0, size)) == malformed);
  }
  CHECK(inflate(whole) == good(message));
  CHECK(inflate(stored("Hello").substr(0, 8)) == malformed);
}

TEST_CASE("a message may be as large as the limit, and no larger") {
  for (std::size_t limit : {0, 1, 5, 16'382, 16'383, 16'384, 16'385, 100'000}) {
    CAPTURE(limit);
    for (auto letter : {'a', '\0'}) {
      auto at = [letter](std::size_t size) {
        return deflate(std::string(size, letter));
      };
      if (limit > 0)
        CHECK(inflate(at(limit - 1), limit)
              == good(std::string(limit - 1, letter)));
      CHECK(inflate(at(limit), limit) == good(std::string(limit, letter)));
      CHECK(inflate(at(limit + 1), limit) == too_big);
    }
  }
}

TEST_CASE("an inflater without takeover survives what it refused") {
  message_inflater inflater{15, false, 5};
  CHECK(inflate(inflater, deflate("Hello!")) == too_big);
  CHECK(inflate(inflater, deflate("Hello")) == good("Hello"));
  CHECK(inflate(inflater, "garbage") == malformed);
  CHECK(inflate(inflater, deflate("Hello")) == good("Hello"));
}

TEST_CASE("the limit counts this message, not what the output held") {
  message_inflater inflater{15, false, 5};
  buffer_builder out;
  CHECK(inflater.inflate(deflate("Hello"), out) == outcome::ok);
  CHECK(inflater.inflate(deflate("World"), out) == outcome::ok);
  CHECK(out.view() == "HelloWorld");
}

TEST_CASE("one deflater without takeover serves two connections") {
  message_deflater deflater{6, 15, false};
  message_inflater left{15, false, mib};
  message_inflater right{15, false, mib};
  for (auto text : {"Hello", "Hello", "Hello, world", "Hello"}) {
    auto bytes = deflate(deflater, text);
    CHECK(bytes == deflate(text));
    CHECK(inflate(left, bytes) == good(text));
    if (text != std::string_view{"Hello"})
      CHECK(inflate(right, bytes) == good(text));
  }
}

TEST_CASE("without takeover no message sees the bytes of another") {
  message_inflater inflater{15, false, mib};
  CHECK(inflate(inflater, deflate(std::string(40'000, 's'))).what
        == outcome::ok);
  CHECK(inflate(inflater, "\x02\x13\x00\x00"s) == malformed);
  // Nor after a final block, which keeps the window within a message.
  CHECK(inflate(inflater, stored("Hello", true)) == good("Hello"));
  CHECK(inflate(inflater, "\x02\x13\x00\x00"s) == malformed);
}

TEST_CASE("a stream that moved goes on") {
  message_deflater first{6, 15, true};
  message_inflater reader{15, true, mib};
  CHECK(inflate(reader, deflate(first, "Hello")) == good("Hello"));
  auto second = std::move(first);
  auto moved = std::move(reader);
  CHECK(inflate(moved, deflate(second, "Hello")) == good("Hello"));
}

TEST_CASE("parameters out of range are refused") {
  CHECK_THROWS_AS((message_deflater{10, 15, false}), std::invalid_argument);
  CHECK_THROWS_AS((message_deflater{6, 8, false}), std::invalid_argument);
  CHECK_THROWS_AS((message_deflater{6, 16, false}), std::invalid_argument);
  CHECK_THROWS_AS((message_inflater{16, false, 1}), std::invalid_argument);
}

TEST_CASE("a bomb of 1 GiB takes no more memory than the limit") {
  auto part = deflate(std::string(mib, '\0'), 9) + "\x00\x00\xff\xff"s;
  std::string bomb;
  for (int i = 0; i < 1024; ++i)
    bomb += part;
  CHECK(bomb.size() < 2 * mib);
  constexpr auto limit = 32 * mib;
  auto peak = peak_bytes();
  auto before = test::heap_bytes();
  message_inflater inflater{15, false, limit};
  buffer_builder out;
  CHECK(inflater.inflate(bomb, out) == outcome::too_big);
  CHECK(out.size() == 0);
  if (!before)
    return;
  CHECK(*test::heap_bytes() - *before < mib);
  CHECK(peak_bytes() - peak < 2 * limit);
}

TEST_CASE("memory is at most half more than the message, and the limit") {
  for (std::size_t size : {1'000, 16'000, 16'384, 40'000, 49'200, 3'000'000}) {
    CAPTURE(size);
    auto bytes = deflate(std::string(size, 'x'));
    message_inflater inflater{15, false, size};
    CHECK(inflate(inflater, bytes).what == outcome::ok); // makes its window
    auto before = test::heap_bytes();
    buffer_builder out;
    CHECK(inflater.inflate(bytes, out) == outcome::ok);
    if (before)
      CHECK(*test::heap_bytes() - *before <= size + 5'000);
  }
}

TEST_CASE("blocks that say nothing are limited, final ones or not") {
  auto final_blocks = [](std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i)
      bytes += "\x03\x00"s;
    return bytes;
  };
  auto flushes = [](std::size_t count) { // and the one that ends a message
    std::string bytes;
    for (std::size_t i = 1; i < count; ++i)
      bytes += "\x00\x00\x00\xff\xff"s;
    return bytes + "\x00"s;
  };
  constexpr auto most = message_inflater::free_blocks;
  for (auto count : {most - 1, most}) {
    CHECK(inflate(final_blocks(count), 0) == good(""));
    CHECK(inflate(flushes(count), 0) == good(""));
  }
  CHECK(inflate(final_blocks(most + 1), 0).what == outcome::costly);
  CHECK(inflate(flushes(most + 1), 0).what == outcome::costly);
  CHECK(inflate(flushes(500'000), 0).what == outcome::costly);
}

TEST_CASE("text makes up for blocks") {
  constexpr auto each = message_inflater::text_per_block;
  std::string text(10 * each, 'x');
  message_deflater deflater{6, 15, false};
  std::string bytes{deflater.deflate(text).view()};
  bytes += "\x00\x00\xff\xff"s; // the end of its block, which is left out
  auto flushes = [](std::size_t count) {
    std::string more;
    for (std::size_t i = 1; i < count; ++i)
      more += "\x00\x00\x00\xff\xff"s;
    return more + "\x00"s;
  };
  // Its own are two: the text and the flush.
  constexpr auto most = message_inflater::free_blocks + 10 - 2;
  CHECK(inflate(bytes + flushes(most)) == good(text));
  CHECK(inflate(bytes + flushes(most + 1)).what == outcome::costly);
}

TEST_CASE("random messages come back, in every window and at every level") {
  auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  for (int bits = 9; bits <= 15; ++bits)
    for (bool takeover : {false, true}) {
      auto level = 1 + static_cast<int>(random() % 9);
      CAPTURE(bits);
      CAPTURE(level);
      message_deflater deflater{level, bits, takeover};
      message_inflater inflater{bits, takeover, 1 << 18};
      for (int i = 0; i < 12; ++i) {
        auto message = random_message(random);
        auto back = inflate(inflater, deflate(deflater, message));
        CHECK(back.what == outcome::ok);
        REQUIRE((back.text == message));
      }
    }
}

TEST_CASE("data that does not compress grows by little") {
  std::mt19937 random{1};
  std::string message(mib, ' ');
  for (auto& c : message)
    c = static_cast<char>(random());
  for (int level : {1, 6, 9}) {
    auto bytes = deflate(message, level);
    CHECK(bytes.size() < mib + mib / 1000);
    CHECK((inflate(bytes).text == message));
  }
}

} // namespace wsrelay::deflate_test
