// Each phase of a session has one deadline, whatever happens around it; and
// whatever fails, nothing is left. That of an answer: session_answer.test.cpp.
#include "test/net/http/session_fixture.hpp"

#include <random>

namespace wsrelay::session_time_test {

using namespace wsrelay::test;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

struct fixture : session_fixture {
  fixture() { start(); }

  auto has_output() {
    return [this] { return !record.output.empty(); };
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a client that sends nothing is dropped after the "
                           "request timeout") {
  check_deadline(10s, closed());
  CHECK(record.output.empty());
}

TEST_CASE_FIXTURE(fixture, "empty lines are nothing") {
  receive("\r\n");
  check_deadline(10s, closed());
}

TEST_CASE_FIXTURE(fixture, "a request has its time from its first byte, "
                           "however it drips") {
  advance(9s);
  receive("G");
  for (int i = 0; i < 9; ++i) {
    advance(1s);
    receive(std::string_view{"ET / HTTP/1"}.substr(i, 1));
  }
  CHECK(record.output.empty());
  check_deadline(1s, has_output());
  CHECK(answered("408"));
  CHECK(record.output_ended);
}

TEST_CASE_FIXTURE(fixture, "the body's time is that of its request") {
  receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  advance(6s);
  receive("ab");
  check_deadline(4s, has_output());
  CHECK(answered("408"));
}

TEST_CASE_FIXTURE(fixture, "a kept connection is dropped after the idle "
                           "timeout") {
  host->at_once = text("x");
  receive(get);
  CHECK(answered("200"));
  check_deadline(60s, closed());
}

TEST_CASE_FIXTURE(fixture, "an answer is awaited as long as the task says, and "
                           "a little") {
  receive(get);
  check_deadline(6s, has_output());
  CHECK(answered("504"));
  CHECK(host->tasks == 0);
}

// -- whatever fails -----------------------------------------------------------

namespace {

// Three requests, one with a body and one whose answer comes in pieces.
void run_scenario(session_fixture& one) {
  auto source = std::make_shared<fake_source::record>();
  source->pieces = {"ab", "cd"};
  one.start();
  one.receive(get);
  if (!one.host->questions.empty())
    one.host->answer(session_fixture::text("one"));
  one.turn();
  one.receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
              "Expect: 100-continue\r\n\r\n");
  one.receive("ab");
  if (one.host->questions.size() == 2)
    one.host->answer({}, std::make_unique<fake_source>(source, std::nullopt),
                     {});
  one.turn(30);
  one.receive("GET / HTTP/1.0\r\n\r\n");
  if (one.host->questions.size() == 3)
    one.host->answer(session_fixture::text("three"));
  one.turn();
  one.receive_end();
  CHECK(source->alive == 0);
}

} // namespace

TEST_CASE("whichever operation on the stream fails, nothing is left") {
  int operations = 0;
  for (int fail_at = 0;; ++fail_at) {
    session_fixture one; // its end checks
    one.record.fail_at = fail_at;
    run_scenario(one);
    operations = one.record.calls;
    CAPTURE(fail_at);
    CHECK(one.record.closed);
    CHECK(!one.home.has_timer());
    if (fail_at >= operations)
      break; // it has passed
  }
  CHECK(operations > 10);
}

TEST_CASE("an open stream has a deadline, whatever comes in which order") {
  auto seed = std::random_device{}();
  CAPTURE(seed);
  std::minstd_rand random{seed};
  auto pick = [&](unsigned count) { return random() % count; };
  constexpr std::string_view pieces[] = {
      get,
      "GET / HT",
      "TP/1.1\r\nHost: h\r\n\r\n",
      "\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
      "abc"};
  for (int round = 0; round < 300; ++round) {
    session_fixture one;
    one.start();
    for (int step = 0; step < 60 && one.record.events; ++step) {
      switch (pick(6)) {
        case 0:
        case 1:
          one.stream->receive(pieces[pick(std::size(pieces))]);
          break;
        case 2:
          one.home.advance(milliseconds{pick(2) ? pick(2000) : 10'000});
          break;
        case 3:
          if (one.host->tasks > 0)
            one.host->answer(session_fixture::text("x"));
          break;
        case 4:
          one.record.room = pick(2) ? SIZE_MAX : 0;
          break;
        default:
          one.turn(1);
      }
      if (one.record.events && !one.record.closed)
        REQUIRE(one.home.has_timer());
    }
  }
}

} // namespace wsrelay::session_time_test
