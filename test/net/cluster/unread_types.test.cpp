// What is said once of what cannot be read.
#include "net/cluster/unread_types.hpp"

#include <caf/optional.hpp>

#include <doctest/doctest.h>

namespace wsrelay::unread_types_test {

namespace {

caf::node_id node_of(char digit) {
  return *caf::make_node_id(1, std::string(40, digit));
}

} // namespace

TEST_CASE("a type is new once of each node, and again when that has gone") {
  unread_types seen;
  auto one = node_of('a'), two = node_of('b');
  CHECK(seen.is_new(one, "x"));
  CHECK_FALSE(seen.is_new(one, "x"));
  CHECK(seen.is_new(one, "y"));
  CHECK(seen.is_new(two, "x"));
  seen.forget(one);
  CHECK(seen.is_new(one, "x"));
  CHECK_FALSE(seen.is_new(two, "x"));
}

TEST_CASE("who invents types is listened to only so long") {
  unread_types seen;
  auto one = node_of('a');
  for (std::size_t i = 0; i < unread_types::max_types; ++i)
    CHECK(seen.is_new(one, std::to_string(i)));
  CHECK_FALSE(seen.is_new(one, "one more"));
}

} // namespace wsrelay::unread_types_test
