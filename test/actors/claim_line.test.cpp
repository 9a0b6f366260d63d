// One transfer after the other, without an actor.
#include "actors/claim_line.hpp"

#include <doctest/doctest.h>

namespace wsrelay::claim_line_test {

namespace {

constexpr time_point due{milliseconds{100}};

ws_control interval(int count) {
  ws_control result;
  result.heartbeat_interval = milliseconds{count};
  return result;
}

} // namespace

TEST_CASE("a claim is known by its id until it is taken") {
  claim_line line;
  CHECK(line.current() == nullptr);
  CHECK(line.deadline() == time_point::max());
  auto id = line.begin({}, due, std::nullopt).id;
  CHECK(line.find(id) == line.current());
  CHECK(line.find(id + 1) == nullptr);
  CHECK(line.deadline() == due);
  CHECK_FALSE(line.is_asked()); // nobody is known yet
  CHECK(line.take().id == id);
  CHECK(line.find(id) == nullptr);
  CHECK(line.begin({}, due, std::nullopt).id != id);
}

TEST_CASE("controls wait in order, and only while a claim is under way") {
  claim_line line;
  CHECK_FALSE(line.next());
  line.begin({}, due, std::nullopt);
  line.wait(interval(1), std::nullopt);
  line.wait(interval(2), std::nullopt);
  CHECK_FALSE(line.next());
  line.take();
  CHECK(line.next()->control.heartbeat_interval == milliseconds{1});
  CHECK(line.next()->control.heartbeat_interval == milliseconds{2});
  CHECK_FALSE(line.next());
}

TEST_CASE("so many controls wait, and no more") {
  claim_line line;
  line.begin({}, due, std::nullopt);
  for (std::size_t i = 0; i < max_waiting_controls; ++i) {
    CHECK_FALSE(line.is_full());
    line.wait({}, std::nullopt);
  }
  CHECK(line.is_full());
  line.take();
  line.next();
  CHECK_FALSE(line.is_full());
}

TEST_CASE("a line that fails is empty") {
  claim_line line;
  line.begin({}, due, std::nullopt);
  line.wait({}, std::nullopt);
  line.fail(errc::closing);
  CHECK(line.current() == nullptr);
  CHECK_FALSE(line.next());
  line.fail(errc::closing);
}

} // namespace wsrelay::claim_line_test
