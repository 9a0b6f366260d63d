// Who shares memory with whom.
#include "protocol/recent_buffer.hpp"

#include <doctest/doctest.h>

namespace wsrelay::recent_buffer_test {

TEST_CASE("equal texts that follow each other share their memory") {
  recent_buffer recent;
  auto first = recent.get("a text");
  CHECK(first.view() == "a text");
  CHECK(recent.get("a text").data() == first.data());
  auto other = recent.get("another");
  CHECK(other.view() == "another");
  CHECK(first.view() == "a text");
  CHECK(recent.get("a text").data() != first.data());
}

TEST_CASE("an empty text is an empty buffer") {
  recent_buffer recent;
  CHECK(recent.get("").empty());
  recent.get("x");
  CHECK(recent.get("").empty());
}

} // namespace wsrelay::recent_buffer_test
