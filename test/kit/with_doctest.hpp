// Include it where tests stand that use doctest: what the kit expects and does
// not find is a failure of doctest's, at the line of the test, and doctest
// prints enumerators by name. Nothing where there is no doctest.
#pragma once

#include "test/kit/expectation.hpp"
#include "test/kit/print.hpp"

#if !defined(DOCTEST_LIBRARY_INCLUDED) && __has_include(<doctest/doctest.h>)
#include <doctest/doctest.h>
#endif

#ifdef DOCTEST_LIBRARY_INCLUDED

namespace wsrelay::test {

inline void tell_doctest(const expectation_failed& what) {
  auto* test = doctest::getContextOptions()->currentTest;
  auto failure = test ? at_test(what, {test->m_file.c_str(),
                                       static_cast<int>(test->m_line)})
                      : what;
  if (failure.may_throw())
    DOCTEST_ADD_FAIL_AT(failure.file(), failure.line(), failure.text());
  DOCTEST_ADD_FAIL_CHECK_AT(failure.file(), failure.line(), failure.text());
}

inline const failure_handler before_doctest = on_failure(tell_doctest);

} // namespace wsrelay::test

// doctest 2.4 prints what is an enum as a number, with or without operator<<.
namespace wsrelay {

inline doctest::String toString(message_type type) {
  return test::printed(type).c_str();
}

inline doctest::String toString(leave_reason reason) {
  return test::printed(reason).c_str();
}

inline doctest::String toString(end_cause cause) {
  return test::printed(cause).c_str();
}

inline doctest::String toString(errc code) {
  return test::printed(code).c_str();
}

} // namespace wsrelay

namespace caf {

inline doctest::String toString(sec code) {
  return wsrelay::test::printed(code).c_str();
}

inline doctest::String toString(exit_reason reason) {
  return wsrelay::test::printed(reason).c_str();
}

} // namespace caf

#endif
