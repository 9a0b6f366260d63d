// The pattern: what is written is what matches, and nothing else does.
#include "tools/bench/payload.hpp"
#include "tools/bench/frame_codec.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace wsrelay::bench::payload_test {

namespace {

std::string written(const payload& messages, std::uint64_t id) {
  constexpr std::uint32_t key = 0x12345678;
  std::string masked(messages.size(), '\0');
  std::string plain(messages.size(), '\0');
  messages.put_masked(masked.data(), id, key);
  mask_copy(plain.data(), masked, key);
  return plain;
}

} // namespace

TEST_CASE("a payload matches itself, whole and in pieces") {
  for (bool text : {false, true})
    for (bool differ : {false, true})
      for (std::size_t size : {0, 1, 7, 8, 9, 15, 16, 125, 1000}) {
        CAPTURE(size);
        payload messages{size, text, differ};
        auto data = written(messages, 42);
        CHECK(data.size() == size);
        CHECK(messages.matches(42, 0, data));
        bool all = true;
        for (std::size_t step : {1, 3, 8, 13})
          for (std::size_t at = 0; at < size; at += step)
            all &= messages.matches(42, at,
                                    std::string_view{data}.substr(at, step));
        CHECK(all);
      }
}

TEST_CASE("a single wrong bit is noticed wherever it is") {
  for (bool differ : {false, true}) {
    payload messages{125, false, differ};
    auto data = written(messages, 7);
    bool noticed = true;
    for (auto& c : data) {
      c ^= 0x10;
      noticed &= !messages.matches(7, 0, data);
      c ^= 0x10;
    }
    CHECK(noticed);
  }
}

TEST_CASE("more bytes than the payload has do not match") {
  payload messages{16, false, true};
  auto data = written(messages, 1);
  CHECK(!messages.matches(1, 0, data + "x"));
  CHECK(!messages.matches(1, 16, "x"));
  CHECK(!messages.matches(1, 17, ""));
  CHECK(messages.matches(1, 16, ""));
}

TEST_CASE("with differ every message has a payload of its own") {
  payload messages{16, false, true};
  for (std::uint64_t id = 0; id < 1000; ++id)
    CHECK(!messages.matches(id + 1, 0, written(messages, id)));
}

TEST_CASE("with differ a piece of another message is noticed") {
  payload messages{64, false, true};
  auto other = written(messages, 8);
  CHECK(!messages.matches(7, 32, std::string_view{other}.substr(32)));
}

TEST_CASE("text payloads are letters") {
  for (bool differ : {false, true}) {
    payload messages{1000, true, differ};
    auto data = written(messages, 0xfedcba98);
    CHECK(std::all_of(data.begin(), data.end(),
                      [](char c) { return c >= 'a' && c <= 'p'; }));
  }
}

} // namespace wsrelay::bench::payload_test
