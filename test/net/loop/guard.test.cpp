// Exceptions that end in the log.
#include "net/loop/guard.hpp"

#include "test/support/line_sink.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

namespace wsrelay::guard_test {

using fixture = test::captured_log;

TEST_CASE_FIXTURE(fixture, "an exception is one line") {
  guarded("guard test", [] { throw std::runtime_error{"broken"}; });
  guarded("guard test", [] { throw 1; });
  REQUIRE(sink->lines.size() == 2);
  CHECK(sink->lines[0].starts_with(
      R"(exception: where="guard test" what="broken" hint=)"));
  CHECK(sink->lines[1].starts_with(
      R"(exception: where="guard test" what="unknown" hint=)"));
}

TEST_CASE_FIXTURE(fixture, "one that comes again and again has ten in a "
                           "while") {
  for (int i = 0; i < 11; ++i)
    guarded("guard test", [] { throw std::runtime_error{"again"}; });
  CHECK(sink->lines.size() == 10);
}

TEST_CASE_FIXTURE(fixture, "what is left to do is done, and guarded, too") {
  int done = 0;
  guarded(
      "guard test", [] { throw std::runtime_error{"first"}; },
      [&] {
        ++done;
        throw std::runtime_error{"second"};
      });
  CHECK(done == 1);
  REQUIRE(sink->lines.size() == 2);
  CHECK(sink->lines[1].starts_with(
      R"(exception: where="guard test" what="second" hint=)"));
}

} // namespace wsrelay::guard_test
