// The kit with gtest; frameworks.py looks at what it prints.
#include "test/kit/with_gtest.hpp"

#include "test/kit_test/frameworks/cases.hpp"

using namespace wsrelay;
using namespace wsrelay::test;

TEST(kit, passes) {
  pass();
}

TEST(kit, misses) {
  miss_a_text();
}

TEST(kit, leaves) {
  leave_an_actor();
}

TEST(kit, prints) {
  EXPECT_EQ(errc::busy, errc::closing);
  EXPECT_EQ(refused(), caf::expected<void>{caf::unit});
}
