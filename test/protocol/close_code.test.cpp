// Which close codes and reasons may be sent.
#include "protocol/close_code.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace wsrelay::close_code_test {

namespace {

bool expected_sendable(int code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
         || (code >= 3000 && code <= 4999);
}

} // namespace

TEST_CASE("RFC 6455 7.4: every code outside the ranges is not sendable") {
  for (int code = 0; code <= 65535; ++code)
    if (is_sendable(static_cast<std::uint16_t>(code))
        != expected_sendable(code))
      FAIL("close code ", code);
}

TEST_CASE("RFC 6455 7.4: the ranges of sendable codes end where they should") {
  for (std::uint16_t code : {1000, 1003, 1007, 1014, 3000, 3999, 4000, 4999}) {
    CAPTURE(code);
    CHECK(is_sendable(code));
    CHECK(check_close(code, ""));
  }
  for (std::uint16_t code :
       {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    CAPTURE(code);
    CHECK_FALSE(is_sendable(code));
    CHECK_FALSE(check_close(code, ""));
  }
}

TEST_CASE("RFC 6455 5.5: a close reason has at most 123 bytes") {
  CHECK(check_close(1000, std::string(122, 'a')));
  CHECK(check_close(1000, std::string(123, 'a')));
  CHECK_FALSE(check_close(1000, std::string(124, 'a')));
}

TEST_CASE("RFC 6455 5.5.1: a close reason is valid UTF-8") {
  CHECK(check_close(1000, "caf\xC3\xA9"));
  CHECK_FALSE(check_close(1000, "caf\xC3"));
  CHECK_FALSE(check_close(1000, "\xFF"));
}

TEST_CASE("a reason that fits is not cut") {
  CHECK(fit_close_reason("") == "");
  for (std::size_t size : {122u, 123u})
    CHECK(fit_close_reason(std::string(size, 'a')).size() == size);
  CHECK(fit_close_reason(std::string(124, 'a')).size() == 123);
}

TEST_CASE("a reason is never cut inside a UTF-8 sequence") {
  for (std::string sequence : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"})
    for (std::size_t before = 118; before <= 124; ++before) {
      auto text = std::string(before, 'a') + sequence + "end";
      auto cut = fit_close_reason(text);
      CAPTURE(text);
      CHECK(check_close(1000, cut));
      auto whole = before + sequence.size() <= max_close_reason;
      CHECK(cut.size() >= (whole ? before + sequence.size()
                                 : std::min(before, max_close_reason)));
    }
}

TEST_CASE("a reason that is no UTF-8 is cut without reading outside it") {
  CHECK(fit_close_reason(std::string(200, '\x80')).empty());
  CHECK(fit_close_reason(std::string(200, '\xFF')).size() == 123);
}

} // namespace wsrelay::close_code_test
