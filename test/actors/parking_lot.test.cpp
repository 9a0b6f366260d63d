// Places of parked connections: who has to go, and when they are given back.
#include "actors/parking_lot.hpp"

#include "actors/node_messages.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::parking_lot_test {

using namespace wsrelay::test;

namespace {

// Who is parked notes "NAME PLACE" when told to go.
struct parkers {
  checked_node node;
  strings told;
  std::vector<caf::actor> all;

  ~parkers() {
    for (auto& each : all)
      caf::anon_send_exit(each, caf::exit_reason::kill);
    node.run();
  }

  caf::actor make(std::string name) {
    all.push_back(node.system().spawn([this, name] {
      return caf::behavior{[this, name](const connection_unpark& x) {
        told.push_back(name + " " + std::to_string(x.place));
      }};
    }));
    return all.back();
  }

  strings take_told() {
    node.run();
    return std::exchange(told, {});
  }

  static std::shared_ptr<parking_lot> lot(std::size_t connections,
                                          std::size_t bytes) {
    return std::make_shared<parking_lot>(connections, bytes, nullptr);
  }
};

std::string line(const char* name, const parked_place& place) {
  return std::string{name} + " " + std::to_string(place.number());
}

} // namespace

TEST_CASE_FIXTURE(parkers, "with one connection more than there may be the "
                           "oldest has to go") {
  auto all = lot(2, 1000);
  parked_place a{all, make("a"), 0};
  CHECK(all->connections() == 1);
  parked_place b{all, make("b"), 0};
  CHECK(all->connections() == 2);
  CHECK(take_told().empty());
  parked_place c{all, make("c"), 0};
  CHECK(all->connections() == 2);
  CHECK(take_told() == strings{line("a", a)});
  parked_place d{all, make("d"), 0};
  CHECK(take_told() == strings{line("b", b)});
}

TEST_CASE_FIXTURE(parkers, "with one byte more than there may be the oldest "
                           "has to go") {
  auto all = lot(10, 100);
  parked_place a{all, make("a"), 60};
  parked_place b{all, make("b"), 0};
  b.hold(39);
  CHECK(all->bytes() == 99);
  b.hold(1);
  CHECK(all->bytes() == 100);
  CHECK(take_told().empty());
  b.hold(1);
  CHECK(take_told() == strings{line("a", a)});
  CHECK(all->bytes() == 41);
  CHECK(all->connections() == 1);
}

TEST_CASE_FIXTURE(parkers, "as many go as it takes, the oldest first") {
  auto all = lot(10, 100);
  auto who = make("x"); // one hears in the order in which it is told
  parked_place a{all, who, 10};
  parked_place b{all, who, 0};
  parked_place c{all, who, 50};
  c.hold(51);
  CHECK(take_told() == strings{line("x", a), line("x", b), line("x", c)});
  CHECK(all->bytes() == 0);
  CHECK(all->connections() == 0);
  parked_place d{all, make("d"), 101};
  CHECK(take_told() == strings{line("d", d)});
  CHECK(all->bytes() == 0);
}

TEST_CASE_FIXTURE(parkers, "who was told to go counts no more") {
  auto all = lot(1, 100);
  parked_place a{all, make("a"), 10};
  parked_place b{all, make("b"), 20};
  CHECK(take_told() == strings{line("a", a)});
  a.hold(90);
  a.give_to(make("c"));
  CHECK(all->bytes() == 20);
  CHECK(take_told().empty());
  a = {};
  CHECK(all->connections() == 1);
  CHECK(all->bytes() == 20);
}

TEST_CASE_FIXTURE(parkers, "a place is given back at its end, with its bytes") {
  auto all = lot(2, 100);
  parked_place a{all, make("a"), 10};
  {
    parked_place b{all, make("b"), 20};
    b.hold(30);
    CHECK(all->bytes() == 60);
  }
  CHECK(all->connections() == 1);
  CHECK(all->bytes() == 10);
  parked_place c{all, make("c"), 90};
  CHECK(take_told().empty());
}

TEST_CASE_FIXTURE(parkers, "a place that moves is given back once") {
  auto all = lot(2, 100);
  std::optional<parked_place> a{parked_place{all, make("a"), 10}};
  auto number = a->number();
  std::optional<parked_place> moved{std::move(*a)};
  CHECK(moved->number() == number);
  a->hold(5); // it is nobody's
  a.reset();
  CHECK(all->connections() == 1);
  CHECK(all->bytes() == 10);
  moved.reset();
  CHECK(all->connections() == 0);
  CHECK(all->bytes() == 0);
}

TEST_CASE_FIXTURE(parkers, "a place that is replaced is given back") {
  auto all = lot(2, 100);
  parked_place a{all, make("a"), 10};
  a = parked_place{all, make("b"), 20};
  CHECK(all->connections() == 1);
  CHECK(all->bytes() == 20);
  auto& same = a;
  a = std::move(same);
  CHECK(all->bytes() == 20);
  a = {};
  CHECK(all->connections() == 0);
  CHECK(a.number() == 0);
}

TEST_CASE_FIXTURE(parkers, "who is given a place is told in the end") {
  auto all = lot(1, 100);
  parked_place a{all, make("a"), 0};
  a.give_to(make("heir"));
  parked_place b{all, make("b"), 0};
  CHECK(take_told() == strings{line("heir", a)});
}

TEST_CASE_FIXTURE(parkers, "no two places have one number, and none has 0") {
  auto all = lot(10, 100);
  auto who = make("a");
  std::uint64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    parked_place place{all, who, 0};
    CHECK(place.number() > last);
    last = place.number();
  }
}

TEST_CASE_FIXTURE(parkers, "without room for a connection everybody has to go "
                           "at once") {
  auto all = lot(0, 100);
  parked_place a{all, make("a"), 0};
  CHECK(take_told() == strings{line("a", a)});
  CHECK(all->connections() == 0);
}

TEST_CASE_FIXTURE(parkers,
                  "without room for bytes who holds nothing may stay") {
  auto all = lot(10, 0);
  parked_place a{all, make("a"), 0};
  CHECK(take_told().empty());
  a.hold(1);
  CHECK(take_told() == strings{line("a", a)});
}

TEST_CASE_FIXTURE(parkers, "what has no lot counts nowhere") {
  parked_place none;
  parked_place a{nullptr, make("a"), 10};
  for (auto* each : {&none, &a}) {
    each->hold(10);
    each->give_to(make("b"));
    CHECK(each->number() == 0);
  }
  CHECK(take_told().empty());
}

TEST_CASE_FIXTURE(parkers, "a lot knows who finds successors") {
  CHECK_FALSE(lot(1, 1)->successors());
  auto finder = make("finder");
  CHECK(parking_lot{1, 1, finder}.successors() == finder);
}

} // namespace wsrelay::parking_lot_test
