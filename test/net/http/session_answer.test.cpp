// How long an answer may stand still: what its client does not take, what its
// source does not give, and the client's end.
#include "test/net/http/session_fixture.hpp"

namespace wsrelay::session_answer_test {

using namespace wsrelay::test;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

struct fixture : session_fixture {
  fixture() { start(); }

  // Once, and what comes later changes nothing.
  bool cut_off_for(const std::string& check) {
    advance(100s);
    return host->cut_off == std::vector{check + " 192.0.2.1"};
  }
};

// An answer in pieces that come when the test says so.
struct source_fixture : fixture {
  source_fixture() { source->waits = true; }

  void begin() {
    receive(get);
    host->answer({}, std::make_unique<fake_source>(source, std::nullopt), {});
    turn();
  }

  // Nothing is the end.
  void give(std::optional<std::string> piece) {
    if (piece)
      source->pieces.push_back(std::move(piece));
    REQUIRE(source->asked);
    fake_source::give(*source);
    turn();
  }

  std::shared_ptr<fake_source::record> source =
      std::make_shared<fake_source::record>();
};

} // namespace

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
  CHECK(host->cut_off == std::vector<std::string>{"write_timeout 192.0.2.1"});
  CHECK(record.cut_off);
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

TEST_CASE_FIXTURE(source_fixture, "a source that gives nothing ends the answer "
                                  "after its own time, and the host is told") {
  SUBCASE("longer than the write timeout") {
    source->patience = 50s;
  }
  SUBCASE("as long") {
    source->patience = 30s;
  }
  SUBCASE("shorter") {
    source->patience = 3s;
  }
  begin();
  check_deadline(source->patience, closed());
  CHECK(cut_off_for("file_timeout"));
  CHECK(source->alive == 0);
}

TEST_CASE_FIXTURE(source_fixture, "each piece has that time") {
  source->patience = 50s;
  begin();
  for (auto after : {50s - 1ms, 1ms, 50s - 1ms}) {
    advance(after);
    give("ab");
    REQUIRE(!record.closed);
  }
  check_deadline(50s, closed());
  CHECK(cut_off_for("file_timeout"));
}

TEST_CASE_FIXTURE(source_fixture, "what the source needs is not the client's") {
  source->patience = 50s;
  begin();
  advance(49s);
  record.room = 0;
  give("ab"); // the first that it could take
  SUBCASE("while the source is asked for more") {}
  SUBCASE("when there is no more") {
    give(std::nullopt);
  }
  check_deadline(30s, closed());
  CHECK(cut_off_for("write_timeout"));
}

TEST_CASE_FIXTURE(source_fixture, "what the client has not taken is its own") {
  source->patience = 50s;
  SUBCASE("of what the kernel did not take") {
    record.room = 10;
  }
  SUBCASE("of what it holds") {
    record.unacknowledged = 40;
  }
  begin();
  check_deadline(30s, closed());
  CHECK(cut_off_for("write_timeout"));
}

TEST_CASE_FIXTURE(source_fixture, "that a client took everything is seen when "
                                  "the next piece comes") {
  source->patience = 50s;
  record.unacknowledged = 40;
  begin();
  advance(29s);
  record.unacknowledged = 0;
  advance(1ms); // none of the looks
  record.room = 0;
  give("ab");
  check_deadline(30s, closed());
  CHECK(cut_off_for("write_timeout"));
}

TEST_CASE_FIXTURE(fixture, "a client that was told the end has two seconds to "
                           "take it") {
  receive("GET / HTTP/1.0\r\n\r\n");
  answer(text("x"));
  check_deadline(2s, closed());
}

TEST_CASE_FIXTURE(fixture, "they begin when it has the answer") {
  record.unacknowledged = 40;
  receive("GET / HTTP/1.0\r\n\r\n");
  answer(text("x"));
  advance(29s);
  record.unacknowledged = 30;
  advance(29s);
  record.unacknowledged = 0;
  receive("x");
  advance(250ms); // it is asked eight times in two seconds
  check_deadline(2s, closed());
  CHECK(host->cut_off.empty());
}

TEST_CASE_FIXTURE(fixture, "one that stops to take the end of it is dropped "
                           "after the write timeout") {
  record.unacknowledged = 40;
  receive("GET / HTTP/1.0\r\n\r\n");
  answer(text("x"));
  advance(20s);
  record.unacknowledged = 30;
  advance(250ms);
  check_deadline(30s, closed());
  CHECK(cut_off_for("write_timeout"));
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

} // namespace wsrelay::session_answer_test
