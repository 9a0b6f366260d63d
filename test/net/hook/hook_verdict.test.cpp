// What becomes of events: by the response, or by what there was instead.
#include "net/hook/hook_answer.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace wsrelay::hook_verdict_test {

namespace {

using std::chrono::seconds;

http_response response(std::uint16_t status, http_fields headers = {}) {
  http_response out;
  out.status = status;
  out.headers = std::move(headers);
  return out;
}

hook_result answered(std::uint16_t status, http_fields headers = {},
                     bool was_sent = true) {
  return {response(status, std::move(headers)), was_sent, ""};
}

hook_result unanswered(bool was_sent) {
  return {{}, was_sent, "no answer in time"};
}

long retry_after(std::string_view value) {
  auto found =
      retry_after_of(response(503, {{"Retry-After", std::string{value}}}));
  return found ? static_cast<long>(found->count()) : -1;
}

} // namespace

// -- verdicts -----------------------------------------------------------------

TEST_CASE("2xx is done") {
  for (std::uint16_t status : {200, 201, 202, 204, 299})
    for (auto may_repeat : {false, true})
      CHECK(judge(answered(status), may_repeat) == hook_verdict::done);
}

TEST_CASE("410 ends the connection") {
  for (auto may_repeat : {false, true})
    CHECK(judge(answered(410), may_repeat) == hook_verdict::gone);
}

TEST_CASE("429 and 503 wait where they say how long") {
  http_fields soon{{"Retry-After", "1"}};
  for (auto may_repeat : {false, true}) {
    CHECK(judge(answered(429, soon), may_repeat) == hook_verdict::wait);
    CHECK(judge(answered(503, soon), may_repeat) == hook_verdict::wait);
    CHECK(judge(answered(429), may_repeat) == hook_verdict::failed);
  }
  CHECK(judge(answered(503), true) == hook_verdict::again);
  CHECK(judge(answered(503), false) == hook_verdict::failed);
  http_fields date{{"Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"}};
  CHECK(judge(answered(429, date), true) == hook_verdict::failed);
  CHECK(judge(answered(503, date), true) == hook_verdict::again);
  // of others it means nothing
  CHECK(judge(answered(500, soon), true) == hook_verdict::again);
  CHECK(judge(answered(400, soon), true) == hook_verdict::failed);
  CHECK(judge(answered(301, soon), true) == hook_verdict::failed);
}

TEST_CASE("5xx is tried again where that does no harm") {
  for (std::uint16_t status : {500, 501, 502, 504, 505, 599}) {
    CHECK(judge(answered(status), true) == hook_verdict::again);
    CHECK(judge(answered(status), false) == hook_verdict::failed);
  }
}

TEST_CASE("redirects and what a client does wrong fail at once") {
  for (std::uint16_t status :
       {300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 409, 413, 422, 499})
    for (auto may_repeat : {false, true})
      CHECK(judge(answered(status), may_repeat) == hook_verdict::failed);
}

TEST_CASE("what was not sent as a whole is tried again in any case") {
  CHECK(judge(unanswered(false), false) == hook_verdict::again);
  CHECK(judge(unanswered(false), true) == hook_verdict::again);
  CHECK(judge(unanswered(true), true) == hook_verdict::again);
  CHECK(judge(unanswered(true), false) == hook_verdict::failed);
}

TEST_CASE("an answer counts also before the request was sent as a whole") {
  CHECK(judge(answered(200, {}, false), false) == hook_verdict::done);
  CHECK(judge(answered(413, {}, false), false) == hook_verdict::failed);
  CHECK(judge(answered(500, {}, false), false) == hook_verdict::failed);
}

// -- Retry-After --------------------------------------------------------------

TEST_CASE("Retry-After is seconds, one minute at most") {
  CHECK(retry_after("0") == 0);
  CHECK(retry_after("1") == 1);
  CHECK(retry_after(" 30\t") == 30);
  CHECK(retry_after("007") == 7);
  CHECK(retry_after("59") == 59);
  CHECK(retry_after("60") == 60);
  CHECK(retry_after("61") == 60);
  CHECK(retry_after("9223372036854775807") == 60);
  CHECK(retry_after("9223372036854775808") == 60);
  CHECK(retry_after("18446744073709551615") == 60);
}

TEST_CASE("a Retry-After that is no number of seconds says nothing") {
  for (auto value : {"", " ", "-1", "+1", "1.5", "1s", "1, 2", "0x10", "soon",
                     "Fri, 31 Dec 1999 23:59:59 GMT", "\xFF"}) {
    CAPTURE(value);
    CHECK(retry_after(value) == -1);
  }
  CHECK_FALSE(retry_after_of(response(503)));
}

TEST_CASE("the name of Retry-After has no case") {
  CHECK(retry_after_of(response(503, {{"retry-after", "2"}})) == seconds{2});
}

// -- what is told -------------------------------------------------------------

TEST_CASE("a server is broken that does not answer, or with 5xx") {
  CHECK(is_broken(unanswered(true)));
  CHECK(is_broken(unanswered(false)));
  for (std::uint16_t status : {500, 501, 503, 599})
    CHECK(is_broken(answered(status)));
  for (std::uint16_t status : {200, 204, 301, 400, 404, 410, 429, 499})
    CHECK_FALSE(is_broken(answered(status)));
}

TEST_CASE("a reason is the status, or why there was none") {
  CHECK(reason_of(answered(503)) == "status 503");
  CHECK(reason_of(answered(404, {{"X", "y"}}, false)) == "status 404");
  CHECK(reason_of(unanswered(true)) == "no answer in time");
  CHECK(reason_of({{}, true, "its ce-state is not UTF-8"})
        == "its ce-state is not UTF-8");
}

} // namespace wsrelay::hook_verdict_test
