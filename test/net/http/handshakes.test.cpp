// Deadlines and bounds of handshakes, on streams in memory.
#include "net/http/handshakes.hpp"

#include "test/net/http/memory_stream.hpp"

#include <doctest/doctest.h>

#include <deque>

namespace wsrelay::handshakes_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most = 3;

struct fixture {
  ~fixture() {
    turn();
    done = nullptr;
  }

  // Returns what is known of the stream.
  stream_record& begin(const std::string& address = "192.0.2.1") {
    auto& record = records.emplace_back();
    auto made = std::make_unique<memory_stream>(record);
    streams.push_back(made.get());
    all.begin(std::move(made), {address});
    return record;
  }

  void turn() {
    for (std::size_t i = 0; i < records.size(); ++i)
      if (records[i].events)
        streams[i]->turn();
  }

  simulated_loop home;
  std::deque<stream_record> records;
  std::vector<memory_stream*> streams;
  std::unique_ptr<byte_stream> done;
  std::string address;
  std::string log;
  handshakes all{home, 10s, most,
                 [this](auto stream, client_peer from) {
                   done = std::move(stream);
                   address = std::move(from.address);
                 },
                 [this](std::string_view check, std::string_view reason,
                        const std::string& from) {
                   log += std::string{check} + " " + from + " "
                          + std::string{reason} + "; ";
                 }};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a client that has proved itself is passed on, "
                           "without its deadline") {
  auto& record = begin("192.0.2.7");
  CHECK(record.wanted);
  CHECK(all.count() == 1);
  record.events->on_secured();
  CHECK(done != nullptr);
  CHECK(address == "192.0.2.7");
  CHECK(all.count() == 0);
  CHECK(!home.has_timer());
  record.events = nullptr;
}

TEST_CASE_FIXTURE(fixture, "a handshake that takes too long is cut off and "
                           "logged") {
  auto& record = begin();
  home.advance(10s - 1ms);
  CHECK(!record.closed);
  home.advance(1ms);
  CHECK(record.closed);
  CHECK(record.cut_off);
  CHECK(log == "timeout 192.0.2.1 it took too long; ");
  CHECK(all.count() == 0);
}

TEST_CASE_FIXTURE(fixture, "one more than are allowed drops the oldest") {
  auto& first = begin("192.0.2.1");
  auto& second = begin("192.0.2.2");
  begin("192.0.2.3");
  CHECK(all.count() == most);
  CHECK(!first.closed);
  begin("192.0.2.4");
  CHECK(first.cut_off);
  CHECK(!second.closed);
  CHECK(all.count() == most);
  CHECK(log == "dropped 192.0.2.1 too many handshakes are under way; ");
  begin("192.0.2.5"); // who has been dropped, and is not yet gone, is not again
  CHECK(second.cut_off);
  CHECK(all.count() == most);
}

TEST_CASE_FIXTURE(fixture, "one that is over makes room") {
  auto& first = begin();
  begin();
  begin();
  first.events->on_end();
  CHECK(first.closed);
  CHECK(all.count() == most - 1);
  auto& last = begin();
  CHECK(!last.closed);
  CHECK(log.empty()); // a client that goes away is nothing to tell
}

TEST_CASE_FIXTURE(fixture, "a failure is logged in OpenSSL's words") {
  auto& record = begin();
  record.events->on_insecure("no shared cipher");
  record.events->on_end();
  CHECK(record.closed);
  CHECK(log == "tls 192.0.2.1 no shared cipher; ");
}

TEST_CASE_FIXTURE(fixture, "who speaks HTTP reads why it is wrong") {
  auto& record = begin();
  record.events->on_plain_text();
  CHECK(log == "plain 192.0.2.1 no TLS; ");
  CHECK(all.count() == 0);
  SUBCASE("it has ended its half already") {
    record.events->on_end();
    CHECK(!record.closed);
  }
  turn();
  CHECK(record.output.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(record.output.find("\"check\":\"tls\"") != std::string::npos);
  CHECK(record.output_ended);
  home.advance(2s);
  CHECK(record.closed);
}

TEST_CASE_FIXTURE(fixture, "a node that stops ends them at once") {
  auto& record = begin();
  CHECK(record.events->is_idle());
  record.events->on_abort();
  CHECK(record.closed);
  CHECK(!home.has_timer());
}

} // namespace wsrelay::handshakes_test
