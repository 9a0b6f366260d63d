// A refusal, and for how long somebody may read it, on streams in memory.
#include "net/http/turned_away.hpp"

#include "test/net/http/memory_stream.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::turned_away_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

const problem too_many{429, "address", "too many requests from this address",
                       7};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

struct fixture {
  ~fixture() { turn(); }

  /// Returns what is known of the stream; `fail_at` is the call into it with
  /// which it breaks.
  stream_record& tell(const problem& why = too_many, int fail_at = -1) {
    auto& record = records.emplace_back();
    record.fail_at = fail_at;
    auto made = std::make_unique<memory_stream>(record);
    streams.push_back(made.get());
    all.tell(std::move(made), why);
    return record;
  }

  void turn() {
    for (std::size_t i = 0; i < records.size(); ++i)
      if (records[i].events)
        streams[i]->turn();
  }

  memory_stream& last() { return *streams.back(); }

  std::size_t open() const {
    std::size_t count = 0;
    for (auto& each : records)
      count += each.closed ? 0 : 1;
    return count;
  }

  simulated_loop home;
  std::deque<stream_record> records;
  std::vector<memory_stream*> streams;
  turned_away all{home};
};

} // namespace

// -- the answer ---------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a client reads why it is not served, and then the "
                           "end") {
  auto& record = tell();
  turn();
  auto& output = record.output;
  auto end = output.find("\r\n\r\n");
  REQUIRE(end != output.npos);
  auto head = output.substr(0, end + 2);
  auto body = output.substr(end + 4);
  CHECK(head.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  CHECK(contains(head, "\r\nRetry-After: 7\r\n"));
  CHECK(contains(head, "\r\nContent-Type: application/problem+json\r\n"));
  CHECK(contains(head, "\r\nConnection: close\r\n"));
  CHECK(contains(head, "\r\nContent-Length: " + std::to_string(body.size())
                           + "\r\n"));
  CHECK(body == to_json(too_many));
  CHECK(record.output_ended);
  CHECK_FALSE(record.closed); // before it has read it
  CHECK(record.wanted);
  CHECK(all.count() == 1);
}

TEST_CASE_FIXTURE(fixture, "each is told its own") {
  auto& full = tell({503, "capacity", "too many connections", 12});
  auto& other = tell({503, "capacity", "nobody knows"});
  turn();
  CHECK(full.output.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(contains(full.output, "\r\nRetry-After: 12\r\n"));
  CHECK(contains(full.output, "too many connections"));
  CHECK_FALSE(contains(other.output, "Retry-After"));
  CHECK(contains(other.output, "nobody knows"));
}

TEST_CASE("the text of a refusal is the whole answer") {
  auto text = refusal_text(too_many);
  CHECK(text.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
  CHECK(contains(text, "\r\nConnection: close\r\n"));
  CHECK(text.ends_with("\r\n\r\n" + to_json(too_many)));
}

// -- its end ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a client that has read it and ends is closed") {
  auto& record = tell();
  turn();
  last().receive_end();
  turn();
  CHECK(record.closed);
  CHECK_FALSE(record.cut_off);
  CHECK(all.count() == 0);
  CHECK_FALSE(home.has_timer());
}

TEST_CASE_FIXTURE(fixture, "a client that has ended its half still reads "
                           "it") {
  auto& record = tell();
  record.room = 20; // bytes, at first
  last().receive_end();
  turn();
  turn();
  CHECK(record.output.size() == 20);
  CHECK_FALSE(record.closed);
  record.room = SIZE_MAX;
  turn();
  CHECK(record.output.ends_with(to_json(too_many)));
  CHECK(record.output_ended);
  CHECK(record.closed);
  CHECK_FALSE(record.cut_off);
  CHECK(all.count() == 0);
}

TEST_CASE_FIXTURE(fixture, "a client that ends at once reads it, too") {
  auto& record = tell();
  last().receive_end();
  turn();
  CHECK(record.output.ends_with(to_json(too_many)));
  CHECK(record.output_ended);
  CHECK(record.closed);
  CHECK(all.count() == 0);
}

TEST_CASE_FIXTURE(fixture, "a client that stays is cut off after two "
                           "seconds") {
  auto& record = tell();
  turn();
  home.advance(1s);
  turn();
  CHECK_FALSE(record.closed);
  home.advance(1s - 1ns);
  turn();
  CHECK_FALSE(record.closed);
  home.advance(1ns);
  CHECK(record.closed);
  CHECK(record.cut_off);
  turn();
  CHECK(all.count() == 0);
  CHECK_FALSE(home.has_timer());
}

TEST_CASE_FIXTURE(fixture, "neither what it sends nor what it reads slowly "
                           "gives it more time") {
  auto& record = tell();
  record.room = 1;
  for (auto i = 0; i < 20; ++i) {
    CHECK_FALSE(record.closed);
    record.room = 1;
    last().receive("GET / HTTP/1.1\r\n\r\n");
    turn();
    home.advance(100ms);
  }
  CHECK(record.cut_off);
  CHECK(record.output.size() == 20);
}

TEST_CASE_FIXTURE(fixture, "each has two seconds of its own") {
  auto& first = tell();
  home.advance(500ms);
  auto& second = tell();
  home.advance(1500ms);
  CHECK(first.closed);
  CHECK_FALSE(second.closed);
  home.advance(500ms);
  CHECK(second.closed);
}

TEST_CASE_FIXTURE(fixture, "what is sent is not kept") {
  auto& record = tell();
  for (auto i = 0; i < 1000; ++i) {
    last().receive(std::string(64 * 1024, 'x'));
    turn();
    CHECK(record.held.empty());
  }
  CHECK(record.wanted);
  CHECK_FALSE(record.closed);
  CHECK(record.output.ends_with(to_json(too_many)));
}

TEST_CASE_FIXTURE(fixture, "a stream that breaks is closed") {
  // It is given the answer, its end, and asked for input.
  for (auto fail_at = 0; fail_at < 3; ++fail_at) {
    CAPTURE(fail_at);
    auto& record = tell(too_many, fail_at);
    turn();
    CHECK(record.broken);
    CHECK(record.closed);
  }
  CHECK(all.count() == 0);
  CHECK_FALSE(home.has_timer());
}

// -- many of them -------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "one more than are kept cuts the oldest off") {
  for (std::size_t i = 0; i < turned_away::max; ++i)
    tell();
  turn();
  CHECK(open() == turned_away::max);
  CHECK(all.count() == turned_away::max);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    CHECK_FALSE(records[i].closed);
    tell();
    CHECK(records[i].cut_off);
    CHECK(open() == turned_away::max);
    turn();
    CHECK(all.count() == turned_away::max);
  }
}

// A listener deals several in a turn, and a stream is gone in the next one.
TEST_CASE_FIXTURE(fixture, "several more than are kept in one turn cut off as "
                           "many") {
  for (std::size_t i = 0; i < turned_away::max + 16; ++i)
    tell();
  CHECK(open() == turned_away::max);
  for (std::size_t i = 0; i < 16; ++i)
    CHECK(records[i].cut_off);
  turn();
  CHECK(all.count() == turned_away::max);
}

TEST_CASE_FIXTURE(fixture, "one that is over makes room") {
  auto& first = tell();
  auto& end = last();
  auto& second = tell();
  for (std::size_t i = 2; i < turned_away::max; ++i)
    tell();
  turn();
  end.receive_end();
  turn();
  CHECK(first.closed);
  tell();
  CHECK_FALSE(first.cut_off);
  CHECK_FALSE(second.closed);
  CHECK(all.count() == turned_away::max);
}

// -- the node stops -----------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a node that stops closes them at once") {
  auto& record = tell();
  CHECK(record.events->is_idle());
  record.events->on_abort();
  CHECK(record.closed);
  turn();
  CHECK(all.count() == 0);
  CHECK_FALSE(home.has_timer());
}

TEST_CASE("with their loop's door they end") {
  simulated_loop home;
  stream_record record;
  {
    turned_away all{home};
    all.tell(std::make_unique<memory_stream>(record), too_many);
    CHECK_FALSE(record.closed);
  }
  CHECK(record.closed);
  CHECK_FALSE(home.has_timer());
}

} // namespace wsrelay::turned_away_test
