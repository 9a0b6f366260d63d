// Conditions of requests (RFC 9110 section 13).
#include "net/http/conditional.hpp"

#include <doctest/doctest.h>

namespace wsrelay::conditional_test {

namespace {

constexpr std::int64_t changed = 784111777;
constexpr std::int64_t now = 1790000000;
constexpr auto before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr auto exactly = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr auto after = "Sun, 06 Nov 1994 08:49:38 GMT";

const validators current{"\"tag\"", changed};
const validators undated{"\"tag\"", std::nullopt};

// The status, with 200 for any that goes on.
int status(const http_fields& request, const validators& state = current) {
  switch (check_preconditions(request, state, now)) {
    case precondition::met:
      return 200;
    case precondition::not_modified:
      return 304;
    default:
      return 412;
  }
}

bool counts(const std::string& value, const validators& state = current) {
  return range_counts({{"If-Range", value}}, state, now);
}

} // namespace

TEST_CASE("a request without conditions goes on") {
  CHECK(status({}) == 200);
  CHECK(status({{"Range", "bytes=0-1"}, {"If-Range", "\"x\""}}) == 200);
}

TEST_CASE(
    "13.1.2: a tag that the client has is a 304, by the weak comparison") {
  for (auto value : {"\"tag\"", "W/\"tag\"", "*", " * ", "\"x\", \"tag\"",
                     "\"x\",\"tag\"", "\"x\" , W/\"tag\" , \"y\"", ",, \"tag\"",
                     "\"a,b\", \"tag\"", "\"\", \"tag\"", "\"x\", \"tag\","})
    CHECK(status({{"If-None-Match", value}}) == 304);
  for (auto value :
       {"", "\"x\"", "tag", "\"TAG\"", "W/tag", "w/\"tag\"", "\"tag", "tag\"",
        "\"x\" \"tag\"", "x, \"tag\"", "\"x\", *", "\"a, \"tag\"", "**",
        "\"tag\"x", "\"a b\", \"tag\"", "W/", ",", "\""})
    CHECK(status({{"If-None-Match", value}}) == 200);
}

TEST_CASE("13.1.2: a tag on any line counts") {
  CHECK(status({{"If-None-Match", "\"x\""},
                {"Other", "\"tag\""},
                {"if-none-match", "\"tag\""}})
        == 304);
  CHECK(status({{"If-None-Match", "\"x\""}, {"If-None-Match", "\"y\""}})
        == 200);
}

TEST_CASE("13.1.1: If-Match wants the tag by the strong comparison") {
  for (auto value : {"\"tag\"", "*", "\"x\", \"tag\"", "W/\"tag\", \"tag\""})
    CHECK(status({{"If-Match", value}}) == 200);
  for (auto value : {"\"x\"", "W/\"tag\"", "", "tag", "\"x\", W/\"tag\""})
    CHECK(status({{"If-Match", value}}) == 412);
  CHECK(status({{"If-Match", "\"x\""}, {"If-Match", "\"tag\""}}) == 200);
}

TEST_CASE("13.1.3: a file that did not change since is a 304") {
  CHECK(status({{"If-Modified-Since", before}}) == 200);
  CHECK(status({{"If-Modified-Since", exactly}}) == 304);
  CHECK(status({{"If-Modified-Since", after}}) == 304);
  CHECK(status({{"If-Modified-Since", after}}, undated) == 200);
}

TEST_CASE("13.1.4: a file that changed since is a 412") {
  CHECK(status({{"If-Unmodified-Since", before}}) == 412);
  CHECK(status({{"If-Unmodified-Since", exactly}}) == 200);
  CHECK(status({{"If-Unmodified-Since", after}}) == 200);
  CHECK(status({{"If-Unmodified-Since", before}}, undated) == 200);
}

TEST_CASE("13.1.3: a date that is none, or one of two, is ignored") {
  CHECK(status({{"If-Modified-Since", "yesterday"}}) == 200);
  CHECK(status({{"If-Unmodified-Since", "yesterday"}}) == 200);
  CHECK(status({{"If-Modified-Since", after}, {"If-Modified-Since", after}})
        == 200);
  CHECK(
      status({{"If-Unmodified-Since", before}, {"If-Unmodified-Since", before}})
      == 200);
}

TEST_CASE("13.2.2: tags go before dates, and failure before what is known") {
  CHECK(status({{"If-None-Match", "\"x\""}, {"If-Modified-Since", after}})
        == 200);
  CHECK(status({{"If-None-Match", "\"tag\""}, {"If-Modified-Since", before}})
        == 304);
  CHECK(status({{"If-Match", "\"tag\""}, {"If-Unmodified-Since", before}})
        == 200);
  CHECK(status({{"If-Match", "\"x\""}, {"If-None-Match", "\"tag\""}}) == 412);
  CHECK(status({{"If-Match", "\"tag\""}, {"If-None-Match", "\"tag\""}}) == 304);
  CHECK(status({{"If-Unmodified-Since", before}, {"If-None-Match", "*"}})
        == 412);
  CHECK(status({{"If-Unmodified-Since", after}, {"If-Modified-Since", after}})
        == 304);
}

TEST_CASE("13.1.5: a range counts only for the state that the client has") {
  CHECK(range_counts({}, current, now));
  CHECK(counts("\"tag\""));
  CHECK(counts(" \"tag\" "));
  CHECK(counts(exactly));
  CHECK(counts("Sunday, 06-Nov-94 08:49:37 GMT"));
  for (auto value : {"W/\"tag\"", "\"x\"", "*", "", "\"x\", \"tag\"", "tag",
                     before, after, "\"tag\", \"x\""})
    CHECK_FALSE(counts(value));
  CHECK_FALSE(counts(exactly, undated));
  CHECK_FALSE(range_counts({{"If-Range", "\"tag\""}, {"If-Range", "\"tag\""}},
                           current, now));
}

TEST_CASE("8.8.2.2: a date is strong once its second is over") {
  http_fields request{{"If-Range", exactly}};
  CHECK_FALSE(range_counts(request, current, changed - 1));
  CHECK_FALSE(range_counts(request, current, changed));
  CHECK(range_counts(request, current, changed + 1));
  CHECK(range_counts({{"If-Range", "\"tag\""}}, current, changed));
}

TEST_CASE("a list without end is read in one pass") {
  std::string many;
  for (int i = 0; i < 20000; ++i)
    many += "\"x\",";
  CHECK(status({{"If-None-Match", many}}) == 200);
  CHECK(status({{"If-None-Match", many + "\"tag\""}}) == 304);
  CHECK(status({{"If-None-Match", std::string(100000, ',')}}) == 200);
}

} // namespace wsrelay::conditional_test
