// Seeds: other orders, the same again for the same seed.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>

namespace wsrelay::seed_test {

using namespace wsrelay::test;

namespace {

// Sets the variable, and puts it back.
struct seed_variable {
  explicit seed_variable(const char* value) {
    if (value)
      ::setenv("WSRELAY_SEED", value, 1);
    else
      ::unsetenv("WSRELAY_SEED");
  }
  ~seed_variable() {
    if (before)
      ::setenv("WSRELAY_SEED", old.c_str(), 1);
    else
      ::unsetenv("WSRELAY_SEED");
  }

  const char* before = std::getenv("WSRELAY_SEED");
  std::string old = before ? before : "";
};

// Moves a connection when it is told to.
caf::behavior mover(caf::event_based_actor* self, caf::actor client,
                    caf::actor target) {
  return {[self, client, target](caf::ok_atom) {
    ws_control order;
    order.target = target;
    self->send(client, order);
  }};
}

// Two that move one connection: which of the targets has it in the end.
std::string race(test_node& node) {
  probe first{node};
  probe second{node};
  probe third{node};
  auto ann = node.connect(first);
  node.run();
  node.send(node.system().spawn(mover, ann.actor(), second.actor()),
            caf::ok_atom::value);
  node.send(node.system().spawn(mover, ann.actor(), third.actor()),
            caf::ok_atom::value);
  node.run();
  auto is_at = [](probe& who) {
    return who.joins().size() > who.leaves().size();
  };
  CHECK(is_at(second) + is_at(third) == 1);
  return is_at(second) ? "second" : "third";
}

// Two clients say something to one target: in which order it comes.
std::string heard(seed order) {
  test_node node{order};
  probe target{node};
  auto ann = node.connect(target);
  auto bob = node.connect(target);
  node.run();
  for (auto* word : {"1", "2", "3"}) {
    ann.send_text(std::string{"a"} + word);
    bob.send_text(std::string{"b"} + word);
  }
  node.run();
  std::string result;
  std::string of_ann;
  for (auto& message : target.messages()) {
    result += message.data.view();
    if (message.data.view()[0] == 'a')
      of_ann += message.data.view()[1];
  }
  CHECK(of_ann == "123"); // of one sender
  CHECK(result.size() == 12);
  return result;
}

} // namespace

TEST_CASE("seeds find both ends of a race of two that move one connection") {
  std::set<std::string> ends;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    test_node node{seed{i}};
    ends.insert(race(node));
  }
  CHECK(ends == std::set<std::string>{"second", "third"});
}

TEST_CASE("without a seed a race always ends in the same way") {
  std::set<std::string> ends;
  for (auto i = 0; i < 20; ++i) {
    test_node node;
    ends.insert(race(node));
  }
  CHECK(ends.size() == 1);
}

TEST_CASE("the same seed makes the same order, another one another") {
  std::set<std::string> orders;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    orders.insert(heard({i}));
    CHECK(heard({i}) == heard({i}));
  }
  CHECK(orders.size() > 5);
}

TEST_CASE("a client reads some of what it is sent, the rest later") {
  seed_variable without{nullptr}; // one alone has one order
  std::set<std::size_t> counts;
  over_seeds(20, [&](seed order) {
    test_node node{order};
    probe target{node};
    auto ann = node.connect(target);
    node.run();
    for (auto i = 0; i < 4; ++i)
      node.send(ann.actor(), ws_send{message_type::text, "x"});
    node.run_until([&] { return !ann.received().empty(); });
    counts.insert(ann.received().size());
    node.run();
    CHECK(ann.received().size() == 4);
  });
  CHECK(counts.size() > 1);
}

TEST_CASE("a client's first word is its last one, in any order") {
  over_seeds(20, [](seed order) {
    test_node node{order};
    probe target{node};
    auto ann = node.connect(target);
    ann.close();
    node.run();
    CHECK(ann.exit_reason());
    CHECK(target.joins().size() == target.leaves().size());
  });
}

TEST_CASE("timeouts that are due together fire in any order") {
  seed_variable without{nullptr}; // one alone has one order
  std::set<std::string> orders;
  over_seeds(20, [&](seed order) {
    test_node node{order};
    std::string fired;
    auto alarm = [&](char sign) {
      node.system().spawn([&fired, sign](caf::event_based_actor* self) {
        self->delayed_send(self, milliseconds{10}, caf::tick_atom::value);
        return caf::behavior{[&fired, sign](caf::tick_atom) { fired += sign; }};
      });
    };
    alarm('a');
    alarm('b');
    node.advance(milliseconds{10});
    orders.insert(fired);
  });
  CHECK(orders == std::set<std::string>{"ab", "ba"});
}

TEST_CASE("a scenario runs with the seeds from 1 on, and each knows its own") {
  seed_variable without{nullptr};
  std::vector<std::uint64_t> seeds;
  over_seeds(3, [&](seed order) {
    CHECK(current_seed() == order);
    seeds.push_back(order.value);
  });
  CHECK(seeds == std::vector<std::uint64_t>{1, 2, 3});
  CHECK_FALSE(current_seed());
}

TEST_CASE("WSRELAY_SEED repeats one of them") {
  seed_variable with{"17"};
  std::vector<std::uint64_t> seeds;
  over_seeds(3, [&](seed order) { seeds.push_back(order.value); });
  CHECK(seeds == std::vector<std::uint64_t>{17});
  seed_variable zero{"0"};
  over_seeds(3, [&](seed order) { seeds.push_back(order.value); });
  CHECK(seeds.back() == 0);
}

TEST_CASE("a WSRELAY_SEED that is no number is an error") {
  for (auto* text : {"", "x", "1x", "-1", "99999999999999999999"}) {
    seed_variable with{text};
    CHECK_THROWS_AS(over_seeds(1, [](seed) {}), std::invalid_argument);
  }
}

TEST_CASE("a scenario that fails is not tried with another seed") {
  seed_variable without{nullptr};
  auto runs = 0;
  auto before = on_failure(nullptr);
  CHECK_THROWS_AS(over_seeds(9,
                             [&](seed order) {
                               ++runs;
                               return order.value < 3;
                             }),
                  expectation_failed);
  CHECK(runs == 3);
  auto told = 0; // by a handler that lets the test go on
  on_failure([&](const expectation_failed&) { ++told; });
  over_seeds(9, [&](seed order) { return order.value < 4; });
  CHECK(told == 1);
  on_failure(before);
  CHECK_THROWS_AS(over_seeds(9, [](seed) { throw std::runtime_error{"no"}; }),
                  std::runtime_error);
  CHECK_FALSE(current_seed());
}

} // namespace wsrelay::seed_test
