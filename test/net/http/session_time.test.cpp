// Each phase of a session has one deadline, whatever happens around it; and
// whatever fails, nothing is left.
#include "test/net/http/session_fixture.hpp"

#include <random>

namespace wsrelay::session_time_test {

using namespace wsrelay::test;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

struct fixture : session_fixture {
  fixture() { start(); }

  void answer(http_response response) {
    host->answer(std::move(response));
    turn();
  }

  // Just before a deadline nothing has happened, at it something has.
  template <class Condition>
  void check_deadline(time_point::duration after, Condition happened) {
    advance(after / 2);
    CHECK(!happened());
    advance(after - after / 2 - 1ms);
    CHECK(!happened());
    advance(1ms);
    CHECK(happened());
  }

  auto closed() {
    return [this] { return record.closed; };
  }
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

TEST_CASE_FIXTURE(fixture, "a client that takes nothing is dropped after the "
                           "write timeout, and the host told") {
  record.room = 10;
  receive(get);
  answer(text("hello"));
  advance(30s - 1ms);
  CHECK(!record.closed);
  CHECK(host->cut_off.empty());
  advance(1ms);
  CHECK(record.closed);
  CHECK(host->cut_off == std::vector<std::string>{"192.0.2.1"});
  advance(1ms);
  CHECK(host->cut_off.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a write timeout of a millisecond is one") {
  host->settings_.write_timeout = 1ms;
  record.room = 10;
  receive(get);
  answer(text("hello"));
  CHECK(!record.closed);
  advance(1ms);
  CHECK(record.closed);
}

TEST_CASE_FIXTURE(fixture, "a byte in time is progress") {
  record.room = 10;
  receive(get);
  answer(text("hello"));
  for (int i = 0; i < 5; ++i) {
    advance(29s);
    REQUIRE(!record.closed);
    record.room = 1;
    turn();
  }
  check_deadline(30s, closed());
}

TEST_CASE_FIXTURE(fixture, "so is what a client acknowledges of what the "
                           "kernel holds") {
  record.room = 40;
  record.unacknowledged = 40;
  receive(get);
  answer(text("hello"));
  advance(29s);
  record.unacknowledged = 30;
  advance(1s);
  CHECK(!record.closed);
  check_deadline(30s, closed());
}

// The kernel tells of none: it is asked eight times in a write timeout.
TEST_CASE_FIXTURE(fixture, "a client that stops to acknowledge is dropped an "
                           "eighth late at most") {
  record.room = 40;
  record.unacknowledged = 40;
  receive(get);
  answer(text("hello"));
  auto at = 3749ms;
  auto seen = 3750ms;
  SUBCASE("just before it is asked") {}
  SUBCASE("just after") {
    at = 3751ms;
    seen = 7500ms;
  }
  advance(at);
  record.unacknowledged = 30;
  advance(seen - at);
  check_deadline(30s, closed());
}

TEST_CASE_FIXTURE(fixture, "a client that takes a byte, and then nothing, is "
                           "dropped after the write timeout") {
  record.room = 10;
  receive(get);
  answer(text("hello"));
  advance(7s);
  record.room = 1;
  turn();
  check_deadline(30s, closed());
}

TEST_CASE_FIXTURE(fixture, "a source that gives nothing is no progress") {
  auto source = std::make_shared<fake_source::record>();
  source->waits = true;
  receive(get);
  host->answer({}, std::make_unique<fake_source>(source, 10), {});
  turn();
  check_deadline(30s, closed());
  CHECK(source->alive == 0);
}

TEST_CASE_FIXTURE(fixture, "a client that was told the end has two seconds to "
                           "take it") {
  receive("GET / HTTP/1.0\r\n\r\n");
  answer(text("x"));
  check_deadline(2s, closed());
}

TEST_CASE_FIXTURE(fixture, "and may send so much meanwhile") {
  receive("GET / HTTP/1.0\r\n\r\n");
  answer(text("x"));
  std::string mib(1024 * 1024, 'x');
  for (int i = 0; i < 16; ++i)
    receive(mib);
  CHECK(!record.closed);
  receive("x");
  CHECK(record.closed);
}

TEST_CASE_FIXTURE(fixture, "an answer in pieces is read as the client takes "
                           "it") {
  auto source = std::make_shared<fake_source::record>();
  source->pieces.assign(10, std::string(100'000, 'x'));
  record.room = 0;
  receive(get);
  SUBCASE("of a known length") {
    host->answer({}, std::make_unique<fake_source>(source, 1'000'000), {});
    turn();
    CHECK(source->pieces.size() == 8); // two are more than may wait
    record.room = SIZE_MAX;
    turn(30);
    auto output = take_output();
    CHECK(output.find("Content-Length: 1000000\r\n") != std::string::npos);
    CHECK(output.size() - output.find("\r\n\r\n") - 4 == 1'000'000);
    CHECK(!record.closed);
  }
  SUBCASE("of an unknown one") {
    source->pieces = {"ab", "0123456789abcdef"};
    host->answer({}, std::make_unique<fake_source>(source, std::nullopt), {});
    record.room = SIZE_MAX;
    turn(30);
    CHECK(take_output()
          == "HTTP/1.1 200 OK\r\nServer: wsrelay\r\n"
             "Transfer-Encoding: chunked\r\n\r\n"
             "2\r\nab\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
    CHECK(!record.closed);
  }
  SUBCASE("of which the rest is lost") {
    source->pieces = {"ab", std::nullopt};
    host->answer({}, std::make_unique<fake_source>(source, 10), {});
    record.room = SIZE_MAX;
    turn(30);
    CHECK(record.closed);
  }
  CHECK(source->alive == 0);
}

TEST_CASE("of an unknown length an answer to an old client ends with the "
          "connection") {
  session_fixture one;
  one.start();
  auto source = std::make_shared<fake_source::record>();
  source->pieces = {"ab"};
  one.receive("GET / HTTP/1.0\r\n\r\n");
  one.host->answer({}, std::make_unique<fake_source>(source, std::nullopt), {});
  one.turn();
  CHECK(one.take_output()
        == "HTTP/1.1 200 OK\r\nServer: wsrelay\r\nConnection: close\r\n\r\nab");
  CHECK(one.record.output_ended);
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
