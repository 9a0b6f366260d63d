// The order within a loop's turn, and that nobody in it starves the others.
#include "test/net/loop/job_fixture.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay::loop_turn_test {

using namespace wsrelay::test;
using fixture = job_fixture;

TEST_CASE_FIXTURE(fixture,
                  "in a turn come functions, what was put off, actors, "
                  "output, timers") {
  std::string order;
  fake_timer due;
  due.what = [&] { order += "timer"; };
  fake_task work;
  work.at_go_on = [&] { order += "put off, "; };
  work.at_flush = [&] { order += "output, "; };
  fake_job job{[&](caf::execution_unit*) {
    order += "actor, ";
    return resumable::done;
  }};
  home.call([&] {
    home.set_timer(due, home.now());
    home.flush_later(work);
    hand_over(job);
    home.go_on_later(work);
    order += "function, ";
  });
  wait_for_turns(home);
  CHECK(order == "function, put off, actor, output, timer");
}

TEST_CASE_FIXTURE(fixture, "who gives way comes when the others have had all "
                           "of their turn") {
  std::string order;
  fake_task stranger, other;
  stranger.at_go_on = [&] {
    order += "stranger, ";
    home.flush_later(stranger);
  };
  stranger.at_flush = [&] { order += "its output, "; };
  other.at_go_on = [&] {
    order += "other, ";
    home.flush_later(other);
  };
  other.at_flush = [&] { order += "its output, "; };
  fake_timer due;
  due.what = [&] { order += "timer"; };
  home.call([&] {
    home.go_on_last(stranger);
    home.go_on_later(other);
    home.set_timer(due, home.now());
  });
  wait_for_turns(home);
  CHECK(order == "other, its output, stranger, its output, timer");
}

TEST_CASE_FIXTURE(fixture, "of those who give way one has its turn in any "
                           "case, others when little time has passed") {
  std::string order;
  std::vector<std::unique_ptr<fake_task>> strangers;
  for (auto name : {"1, ", "2, ", "3, "}) {
    auto& each = *strangers.emplace_back(std::make_unique<fake_task>());
    each.at_go_on = [&order, name] {
      order += name;
      use_up_turn(loop::max_last_time);
    };
  }
  fake_task other;
  other.at_go_on = [&] {
    order += "other, ";
    if (order.find('3') == order.npos)
      home.go_on_later(other);
  };
  home.call([&] {
    for (auto& each : strangers)
      home.go_on_last(*each);
    home.go_on_later(other);
  });
  wait_for_turns(home, 5);
  CHECK(order == "other, 1, other, 2, other, 3, other, ");
}

TEST_CASE_FIXTURE(fixture, "answers to many bytes leave before more is read, "
                           "others at the end of the turn") {
  std::string order;
  std::size_t bytes = loop::max_unanswered;
  std::string expected = "read, output, read, output, ";
  SUBCASE("many") {}
  SUBCASE("one less") {
    bytes -= 1;
    expected = "read, read, output, output, ";
  }
  std::array<fake_task, 2> readers;
  for (auto& each : readers) {
    each.at_go_on = [&] {
      order += "read, ";
      home.count_traffic(bytes / (&each == &readers[0] ? 1 : 1000));
      home.flush_later(each);
    };
    each.at_flush = [&] { order += "output, "; };
  }
  home.call([&] {
    for (auto& each : readers)
      home.go_on_later(each);
  });
  wait_for_turns(home);
  CHECK(order == expected);
}

TEST_CASE_FIXTURE(fixture, "what is added by its own kind belongs to the next "
                           "turn") {
  std::string order;
  int rounds = 0;
  fake_task work;
  work.at_flush = [&] { order += "output, "; };
  work.at_go_on = [&] { order += "put off, "; };
  SUBCASE("what is put off") {
    work.at_go_on = [&] {
      order += "put off, ";
      home.flush_later(work);
      if (++rounds < 3)
        home.go_on_later(work);
    };
    home.call([&] { home.go_on_later(work); });
  }
  SUBCASE("output") {
    work.at_flush = [&] {
      order += "output, ";
      if (++rounds < 3) {
        home.flush_later(work);
        home.go_on_later(work);
      }
    };
    home.call([&] {
      home.flush_later(work);
      home.go_on_later(work);
    });
  }
  wait_for_turns(home, 10);
  CHECK(order == "put off, output, put off, output, put off, output, ");
}

TEST_CASE_FIXTURE(fixture, "what is added while output is flushed is done "
                           "though nothing else happens") {
  std::atomic<int> flushes{0};
  std::atomic<bool> gone_on{false};
  fake_task work;
  work.at_go_on = [&] { gone_on = true; };
  work.at_flush = [&] {
    if (++flushes < 10)
      home.flush_later(work);
    else
      home.go_on_later(work);
  };
  home.call([&] { home.flush_later(work); });
  CHECK(holds_soon([&] { return gone_on.load(); }));
  CHECK(flushes == 10);
}

TEST_CASE_FIXTURE(fixture, "what is forgotten is neither flushed nor gone on "
                           "with") {
  bool called = false;
  fake_task work;
  work.at_go_on = work.at_flush = [&] { called = true; };
  SUBCASE("before its turn") {
    home.call([&] {
      home.flush_later(work);
      home.go_on_later(work);
      home.go_on_last(work);
      home.forget(work);
    });
  }
  SUBCASE("in its turn") {
    fake_task other;
    other.at_go_on = [&] { home.forget(work); };
    other.at_flush = [] {};
    home.call([&] {
      home.go_on_later(other);
      home.go_on_later(work);
      home.flush_later(work);
    });
    wait_for_turns(home);
  }
  wait_for_turns(home);
  CHECK(!called);
}

TEST_CASE_FIXTURE(fixture, "a timer wakes a loop for what it adds") {
  std::atomic<int> served{0};
  fake_task work;
  work.at_go_on = work.at_flush = [&] { ++served; };
  fake_timer soon;
  soon.what = [&] {
    home.flush_later(work);
    home.go_on_later(work);
  };
  home.call([&] { home.set_timer(soon, home.now() + 1ms); });
  CHECK(holds_soon([&] { return served == 2; }));
}

} // namespace wsrelay::loop_turn_test
