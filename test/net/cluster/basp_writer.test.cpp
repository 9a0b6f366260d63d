// Whether the other side takes anything.
#include "net/cluster/basp_writer.hpp"

#include "test/net/cluster/fake_node_socket.hpp"
#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace wsrelay::basp_writer_test {

using namespace wsrelay::test;

namespace {

struct fixture : loop_fixture, basp_writer_events {
  void on_written(std::size_t) override {}
  void on_write_failed(boost::system::error_code) override {}
  void on_overflow() override {}

  fixture() {
    home.call([this] {
      writer = std::make_shared<basp_writer>(
          home, std::make_shared<fake_node_socket>(log), 1000, *this);
    });
  }

  ~fixture() {
    home.call([this] {
      log.under_way.clear();
      writer = nullptr;
    });
  }

  void send(const std::string& text) {
    home.call([&] {
      auto& to = writer->gathered();
      to.insert(to.end(), text.begin(), text.end());
      writer->send();
    });
  }

  void complete() {
    home.call([this] {
      log.sent += log.written.back().size();
      auto done = std::move(log.under_way.front());
      log.under_way.pop_front();
      done({}, log.written.back().size());
    });
  }

  bool is_stalled() {
    return home.call([this] { return writer->stalled().count() > 0; });
  }
  bool stalls() {
    return holds_soon([this] { return is_stalled(); });
  }

  socket_log log;
  std::shared_ptr<basp_writer> writer;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "who has nothing to take does not stall") {
  for (int i = 0; i < 3; ++i)
    CHECK_FALSE(is_stalled());
}

TEST_CASE_FIXTURE(fixture, "while nothing is taken it stalls, until something "
                           "is") {
  send("abc");
  CHECK(stalls());
  complete();
  CHECK_FALSE(is_stalled());
  CHECK_FALSE(is_stalled());
}

TEST_CASE_FIXTURE(fixture, "what the other side's kernel does not have counts, "
                           "and that it takes some of it") {
  send("abc");
  complete();
  home.call([this] { log.unacknowledged = 3; });
  CHECK(stalls());
  home.call([this] { log.unacknowledged = 2; });
  CHECK_FALSE(is_stalled());
  CHECK(stalls());
  home.call([this] { log.unacknowledged = 0; });
  CHECK_FALSE(is_stalled());
  CHECK_FALSE(is_stalled());
}

TEST_CASE_FIXTURE(fixture, "it is since the first look that nothing is taken") {
  CHECK_FALSE(is_stalled());
  wait_for_turns(home);
  send("abc");
  CHECK_FALSE(is_stalled()); // whenever the look before was
  CHECK(stalls());
}

TEST_CASE_FIXTURE(fixture, "as much that is new as was before is progress") {
  send("abc");
  complete();
  home.call([this] { log.unacknowledged = 3; });
  CHECK(stalls());
  send("def");
  complete();
  CHECK_FALSE(is_stalled());
}

} // namespace wsrelay::basp_writer_test
