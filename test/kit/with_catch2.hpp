// Include it where tests stand that use Catch2, 2 or 3: what the kit expects
// and does not find is a failure of Catch2's, which has the test's own line.
// Nothing where there is no Catch2.
#pragma once

#include "test/kit/expectation.hpp"
#include "test/kit/print.hpp"

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#define WSRELAY_HAS_CATCH2
#elif __has_include(<catch2/catch.hpp>)
#include <catch2/catch.hpp>
#define WSRELAY_HAS_CATCH2
#endif

#ifdef WSRELAY_HAS_CATCH2

namespace wsrelay::test {

inline void tell_catch2(const expectation_failed& failure) {
  if (failure.may_throw())
    FAIL(failure.what());
  FAIL_CHECK(failure.what());
}

inline const failure_handler before_catch2 = on_failure(tell_catch2);

} // namespace wsrelay::test

#endif
