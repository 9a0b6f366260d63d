// What is called once, later.
#include "net/loop/call_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace wsrelay::call_list_test {

namespace {

using numbers = std::vector<int>;

struct item {
  int number;
  std::function<void()> what;
};

struct fixture {
  // Calls what was added; an item does what it was given.
  std::size_t run() {
    return list.run([this](item& each) {
      called.push_back(each.number);
      if (each.what)
        each.what();
    });
  }

  call_list<item> list;
  numbers called;
  item a{1, nullptr}, b{2, nullptr}, c{3, nullptr};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "what there was no time for is first in the next "
                           "run") {
  auto run_one = [this] {
    return list.run([this](item& each) { called.push_back(each.number); },
                    [] { return false; });
  };
  list.add(a);
  list.add(b);
  list.add(c);
  CHECK(run_one() == 1);
  list.add(a);
  CHECK(run_one() == 1);
  CHECK(called == numbers{1, 2});
  list.forget(c); // before its turn
  CHECK(run() == 1);
  CHECK(called == numbers{1, 2, 1});
  CHECK(list.empty());
}

TEST_CASE_FIXTURE(fixture, "what was added is called in order, and once") {
  CHECK(list.empty());
  list.add(b);
  list.add(a);
  list.add(c);
  CHECK(!list.empty());
  CHECK(run() == 3);
  CHECK(called == numbers{2, 1, 3});
  CHECK(list.empty());
  CHECK(run() == 0);
  CHECK(called == numbers{2, 1, 3});
}

TEST_CASE_FIXTURE(fixture, "what is added twice is called twice") {
  list.add(a);
  list.add(a);
  CHECK(run() == 2);
  CHECK(called == numbers{1, 1});
}

TEST_CASE_FIXTURE(fixture, "what is added during a run is for the next one") {
  a.what = [this] {
    list.add(a);
    list.add(c);
  };
  list.add(a);
  list.add(b);
  CHECK(run() == 2);
  CHECK(called == numbers{1, 2});
  CHECK(!list.empty());
  a.what = nullptr;
  CHECK(run() == 2);
  CHECK(called == numbers{1, 2, 1, 3});
}

TEST_CASE_FIXTURE(fixture, "what is forgotten is not called, however often it "
                           "was added") {
  list.add(a);
  list.add(b);
  list.add(a);
  list.forget(a);
  list.forget(c); // was never added
  CHECK(run() == 1);
  CHECK(called == numbers{2});
  list.forget(b);
  CHECK(list.empty());
}

TEST_CASE_FIXTURE(fixture, "what is forgotten during a run is not called") {
  SUBCASE("before its turn") {
    a.what = [this] { list.forget(c); };
  }
  SUBCASE("by itself, though it stands there twice") {
    list.add(c);
    c.what = [this] { list.forget(c); };
  }
  auto first = c.what ? 3 : 1;
  list.add(a);
  list.add(b);
  list.add(c);
  run();
  CHECK(called.front() == first);
  CHECK(std::count(called.begin(), called.end(), 3) == (c.what ? 1 : 0));
  CHECK(std::count(called.begin(), called.end(), 1) == 1);
  CHECK(std::count(called.begin(), called.end(), 2) == 1);
}

TEST_CASE_FIXTURE(fixture, "what is forgotten during a run is also forgotten "
                           "for the next one") {
  a.what = [this] {
    list.add(b);
    list.add(c);
    list.forget(b);
  };
  list.add(a);
  run();
  CHECK(run() == 1);
  CHECK(called == numbers{1, 3});
}

TEST_CASE_FIXTURE(fixture, "what was called may end at once, and end others "
                           "before their call") {
  auto self = std::make_unique<item>(item{8, nullptr});
  auto other = std::make_unique<item>(item{9, nullptr});
  auto end = [this](std::unique_ptr<item>& who) {
    list.forget(*who);
    who.reset();
  };
  a.what = [&] {
    end(self);
    end(other);
  };
  list.add(*other);
  list.add(a);
  list.add(*self);
  list.add(*other);
  list.add(b);
  run();
  CHECK(called == numbers{9, 1, 2});
}

} // namespace wsrelay::call_list_test
