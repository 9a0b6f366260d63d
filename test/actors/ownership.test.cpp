// Epochs, sequence numbers and former owners, without an actor of their own.
#include "actors/ownership.hpp"

#include "test/support/checked_node.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

namespace wsrelay::ownership_test {

using namespace wsrelay::test;

namespace {

struct owners {
  checked_node node;
  caf::actor first = make();
  caf::actor second = make();
  ownership held{send_window{4, 1000}};

  ~owners() {
    for (auto& each : {first, second})
      caf::anon_send_exit(each, caf::exit_reason::kill);
  }

  caf::actor make() {
    return node.system().spawn(
        [] { return caf::behavior{[](caf::ok_atom) {}}; });
  }

  void send(int count) {
    for (int i = 0; i < count; ++i)
      held.window().send(1);
  }
};

} // namespace

TEST_CASE_FIXTURE(owners, "nobody owns anything before the first takes over") {
  CHECK_FALSE(held.owner());
  CHECK(held.epoch() == 0);
  CHECK(held.last_owned_seq() == 0);
  held.take_over(first);
  CHECK(held.owner() == first);
  CHECK(held.epoch() == 1);
  CHECK(held.former().empty());
}

TEST_CASE_FIXTURE(owners, "numbers go on across owners, what was owned does "
                          "not") {
  held.take_over(first);
  send(3);
  CHECK(held.last_owned_seq() == 3);
  held.take_over(second);
  CHECK(held.last_owned_seq() == 0);
  CHECK(held.window().all_answered()); // a window of its own
  send(1);
  CHECK(held.seq() == 4);
  CHECK(held.bytes() == 4);
  CHECK(held.last_owned_seq() == 4);
}

TEST_CASE_FIXTURE(owners, "an answer of a former owner counts for nothing") {
  held.take_over(first);
  send(2);
  held.take_over(second);
  send(4);
  CHECK(held.window().full());
  held.on_answer(1, held.window().sent());
  CHECK(held.window().full());
  held.on_answer(2, held.window().sent());
  CHECK_FALSE(held.window().full());
}

TEST_CASE_FIXTURE(owners, "an owner that comes again is known once") {
  held.take_over(first);
  held.take_over(second);
  held.take_over(first);
  held.take_over(second);
  std::vector<std::uint64_t> epochs;
  for (auto& each : held.former())
    epochs.push_back(each.epoch);
  CHECK(epochs == std::vector<std::uint64_t>{3, 2});
  CHECK(held.knows(first));
  CHECK(held.forget(3) == first);
  CHECK_FALSE(held.forget(3));
  CHECK_FALSE(held.knows(first));
  held.forget(second.address());
  CHECK(held.former().empty());
  CHECK(held.knows(second)); // as the owner
}

TEST_CASE_FIXTURE(owners, "a former owner owes what it had not answered when "
                          "it parted") {
  held.take_over(first);
  send(3);
  held.take_over(second);
  CHECK(held.forget(first.address()));
  CHECK_FALSE(held.forget(first.address()));
  held.take_over(first);
  CHECK_FALSE(held.forget(second.address())); // it was sent nothing
  send(4);
  held.on_answer(held.epoch(), held.window().sent());
  held.take_over(second);
  CHECK_FALSE(held.forget(first.address())); // it has answered
}

TEST_CASE_FIXTURE(owners, "an owner that parts is a former one, and there is "
                          "none") {
  held.take_over(first);
  send(3);
  held.part(end_cause::target_node_stops);
  CHECK_FALSE(held.owner());
  CHECK(held.lost_how() == end_cause::target_node_stops);
  CHECK(held.knows(first));
  held.take_over(second);
  CHECK(held.epoch() == 2);
  CHECK(held.last_owned_seq() == 0);
}

TEST_CASE_FIXTURE(owners, "who gets earlier messages again owns them") {
  held.take_over(first);
  send(3);
  send(3);
  held.lose(end_cause::target_lost);
  held.take_over(second);
  CHECK(held.last_owned_seq() == 0);
  held.on_again(2);
  CHECK(held.last_owned_seq() == 2);
  held.on_again(5);
  CHECK(held.last_owned_seq() == 5);
  send(1);
  CHECK(held.last_owned_seq() == 7);
}

TEST_CASE_FIXTURE(owners, "an owner that is lost is no former one") {
  held.take_over(first);
  held.lose(end_cause::target_crashed);
  CHECK_FALSE(held.owner());
  CHECK(held.lost_how() == end_cause::target_crashed);
  held.take_over(second);
  CHECK(held.former().empty());
  CHECK(held.epoch() == 2);
  held.clear();
  CHECK_FALSE(held.knows(second));
}

} // namespace wsrelay::ownership_test
