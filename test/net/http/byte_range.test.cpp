// Ranges of bytes.
#include "net/http/byte_range.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::byte_range_test {

namespace {

// "200 0+10": what becomes of a range, as text.
std::string choose(std::string_view value, std::uint64_t size = 10) {
  auto found = choose_range(value, size);
  if (found.outcome == range_outcome::unsatisfiable)
    return "416";
  auto status = found.outcome == range_outcome::part ? "206 " : "200 ";
  return status + std::to_string(found.first) + "+"
         + std::to_string(found.size);
}

} // namespace

TEST_CASE("a range from a position to another is both and between") {
  CHECK(choose("bytes=0-0") == "206 0+1");
  CHECK(choose("bytes=2-4") == "206 2+3");
  CHECK(choose("bytes=0-8") == "206 0+9");
  CHECK(choose("bytes=0-9") == "206 0+10");
  CHECK(choose("bytes=0-10") == "206 0+10");
  CHECK(choose("bytes=9-9") == "206 9+1");
}

TEST_CASE("a range without an end is the rest") {
  CHECK(choose("bytes=0-") == "206 0+10");
  CHECK(choose("bytes=8-") == "206 8+2");
  CHECK(choose("bytes=9-") == "206 9+1");
  CHECK(choose("bytes=10-") == "416");
  CHECK(choose("bytes=11-") == "416");
}

TEST_CASE("a range without a begin is the end") {
  CHECK(choose("bytes=-1") == "206 9+1");
  CHECK(choose("bytes=-9") == "206 1+9");
  CHECK(choose("bytes=-10") == "206 0+10");
  CHECK(choose("bytes=-11") == "206 0+10");
  CHECK(choose("bytes=-0") == "416");
}

TEST_CASE("an empty file has no range but all of it") {
  CHECK(choose("bytes=0-", 0) == "416");
  CHECK(choose("bytes=0-0", 0) == "416");
  CHECK(choose("bytes=-1", 0) == "200 0+0");
  CHECK(choose("bytes=-0", 0) == "416");
}

TEST_CASE("numbers without end are behind the end") {
  std::string huge(100, '9');
  CHECK(choose("bytes=0-" + huge) == "206 0+10");
  CHECK(choose("bytes=" + huge + "-") == "416");
  CHECK(choose("bytes=" + huge + "-" + huge) == "416");
  CHECK(choose("bytes=-" + huge) == "206 0+10");
  CHECK(choose("bytes=0-18446744073709551615") == "206 0+10");
  CHECK(choose("bytes=0-", UINT64_MAX) == "206 0+18446744073709551615");
  CHECK(choose("bytes=18446744073709551614-", UINT64_MAX)
        == "206 18446744073709551614+1");
  CHECK(choose("bytes=18446744073709551615-", UINT64_MAX) == "416");
  CHECK(choose("bytes=0000000000000000000000000001-2") == "206 1+2");
}

// RFC 9110 section 14.2: what is not understood is ignored.
TEST_CASE("a field that is no range of bytes is ignored") {
  for (auto value :
       {"",           "bytes",      "bytes=",      "bytes=-",   "bytes=a-b",
        "bytes=1",    "bytes=4-2",  "bytes=1-2-3", "bytes=--1", "bytes=+1-2",
        "bytes=1 -2", "bytes=1- 2", "bytes=0x1-2", "items=0-1", "=0-1",
        "bytes 0-1",  "bytes=,",    "bytes=1-b",   "bytes=-1a", "bytes:0-1"})
    CHECK(choose(value) == "200 0+10");
}

TEST_CASE("several ranges are answered with the whole") {
  CHECK(choose("bytes=0-1,3-4") == "200 0+10");
  CHECK(choose("bytes=0-0, -1") == "200 0+10");
  CHECK(choose("bytes=20-, 30-") == "200 0+10");
  std::string many = "bytes=0-0";
  for (int i = 0; i < 10000; ++i)
    many += ",0-0";
  CHECK(choose(many) == "200 0+10");
}

TEST_CASE("case and blanks around a range do not matter") {
  CHECK(choose("Bytes=0-1") == "206 0+2");
  CHECK(choose("bytes= 0-1 ") == "206 0+2");
  CHECK(choose("bytes=,0-1,\t,") == "206 0+2");
}

} // namespace wsrelay::byte_range_test
