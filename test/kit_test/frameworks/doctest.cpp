// The kit with doctest; frameworks.py looks at what it prints.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "test/kit/with_doctest.hpp"

#include "test/kit_test/frameworks/cases.hpp"

using namespace wsrelay;
using namespace wsrelay::test;

TEST_CASE("passes") {
  pass();
}

TEST_CASE("misses") {
  miss_a_text();
}

TEST_CASE("leaves") {
  leave_an_actor();
}

TEST_CASE("prints") {
  CHECK(errc::busy == errc::closing);
  CHECK(refused() == caf::expected<void>{caf::unit});
}
