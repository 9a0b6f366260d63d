// Include it where tests stand that use GoogleTest: what the kit expects and
// does not find is a failure of GoogleTest's, at the line of the test, which
// ends with it. Nothing where there is no GoogleTest.
#pragma once

#include "test/kit/expectation.hpp"
#include "test/kit/print.hpp"

#if __has_include(<gtest/gtest.h>)
#include <gtest/gtest.h>

namespace wsrelay::test {

inline void tell_gtest(const expectation_failed& what) {
  auto* test = testing::UnitTest::GetInstance()->current_test_info();
  auto failure = test ? at_test(what, {test->file(), test->line()}) : what;
  ADD_FAILURE_AT(failure.file(), failure.line()) << failure.text();
  if (failure.may_throw()) // GoogleTest ends the test and says nothing more
    throw testing::AssertionException{{testing::TestPartResult::kFatalFailure,
                                       failure.file(), failure.line(),
                                       failure.text().c_str()}};
}

inline const failure_handler before_gtest = on_failure(tell_gtest);

} // namespace wsrelay::test

#endif
