// The order within a loop's turn, and that nobody in it starves the others.
#include "test/net/loop/job_fixture.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::loop_turn_test {

using namespace wsrelay::test;
using fixture = job_fixture;

namespace {

// What is put off behind it has to wait for the next turn.
void use_up_turn(std::chrono::nanoseconds time = loop::max_time) {
  using clock = std::chrono::steady_clock;
  auto until = clock::now() + time;
  while (clock::now() < until) {
  }
}

// A socket on the loop that sends back what it gets.
struct echo_socket final : pollable {
  explicit echo_socket(int descriptor) : socket{descriptor} {}

  void on_ready(readiness) override {
    ++times;
    char bytes[64];
    auto flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    auto count = ::recv(socket.descriptor(), bytes, sizeof bytes, flags);
    if (count > 0)
      ::send(socket.descriptor(), bytes, static_cast<std::size_t>(count),
             flags);
  }

  plain_socket socket;
  std::atomic<int> times{0};
};

// Both ends of a connection; one of them, or both, echo on the loop.
struct echo_fixture : fixture {
  echo_fixture() {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    here.emplace(pair[0]);
    there.emplace(pair[1]);
    watch(*here);
  }

  ~echo_fixture() {
    home.call([this] {
      home.sockets().forget(*here);
      home.sockets().forget(*there);
      here->socket.close();
      there->socket.close();
    });
  }

  void watch(echo_socket& who) {
    home.call([&] { home.sockets().add(who.socket.descriptor(), who); });
  }

  // Whether a byte that is sent now comes back.
  bool echoes() {
    there->socket.send("x");
    return there->socket.receive() == "x";
  }

  std::optional<echo_socket> here;
  std::optional<echo_socket> there;
};

} // namespace

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

// -- sockets ------------------------------------------------------------------

TEST_CASE_FIXTURE(echo_fixture, "a socket wakes a loop that blocks, each "
                                "time") {
  for (int i = 0; i < 200; ++i)
    REQUIRE(echoes());
  CHECK(here->times >= 200);
}

TEST_CASE_FIXTURE(echo_fixture, "a socket wakes a loop whatever woke it "
                                "before") {
  fake_timer soon;
  soon.what = [] {};
  for (int i = 0; i < 100; ++i) {
    if (i % 2 == 0)
      home.call([] {});
    if (i % 3 == 0)
      wait_for_turns(home, i % 5);
    if (i % 7 == 0)
      home.call([&] { home.set_timer(soon, home.now() + 1ms); });
    REQUIRE(echoes());
  }
  home.call([&] { home.set_timer(soon, time_point::max()); });
}

TEST_CASE_FIXTURE(echo_fixture, "a socket is told on the loop's thread") {
  struct witness final : pollable {
    void on_ready(readiness) override { thread = std::this_thread::get_id(); }
    std::atomic<std::thread::id> thread;
  } who;
  home.call([&] { home.sockets().add(there->socket.descriptor(), who); });
  CHECK(holds_soon([&] { return who.thread == loop_thread; }));
  home.call([&] {
    there->socket.close();
    home.sockets().forget(who);
  });
}

TEST_CASE_FIXTURE(echo_fixture, "sockets that are always busy starve nobody") {
  watch(*there);
  there->socket.send("x"); // goes to and fro from now on
  REQUIRE(holds_soon([this] { return here->times > 100; }));
  CHECK(serves_all());
  auto before = here->times.load();
  CHECK(holds_soon([&] { return here->times > before + 100; }));
}

TEST_CASE_FIXTURE(echo_fixture, "what is put off again and again starves "
                                "nobody") {
  fake_task work;
  work.at_flush = [] {};
  work.at_go_on = [&] { home.go_on_later(work); };
  home.call([&] { home.go_on_later(work); });
  CHECK(serves_all());
  CHECK(echoes());
  home.call([&] { home.forget(work); });
}

TEST_CASE_FIXTURE(echo_fixture, "what takes long goes on behind a socket that "
                                "has become ready") {
  std::vector<std::unique_ptr<fake_task>> slow;
  std::string order;
  home.call([&] {
    for (int i = 0; i < 3; ++i) {
      slow.push_back(std::make_unique<fake_task>());
      slow.back()->at_go_on = [&, i] {
        use_up_turn();
        char byte;
        auto echoed = ::recv(there->socket.descriptor(), &byte, 1,
                             MSG_PEEK | MSG_DONTWAIT)
                      == 1;
        order += echoed ? "echoed " : "waits ";
        if (i == 0)
          there->socket.send("x");
      };
      home.go_on_later(*slow.back());
    }
  });
  make_turns();
  CHECK(order == "waits echoed echoed ");
}

TEST_CASE_FIXTURE(fixture, "nothing that was put off is left when sockets are "
                           "dropped") {
  std::vector<std::unique_ptr<fake_task>> slow;
  std::atomic<int> done{0};
  home.call([&] {
    for (int i = 0; i < 3; ++i) {
      slow.push_back(std::make_unique<fake_task>());
      slow.back()->at_go_on = [&] {
        use_up_turn();
        ++done;
      };
      home.go_on_later(*slow.back());
    }
  });
  home.drop_sockets();
  CHECK(done == 3);
}

TEST_CASE_FIXTURE(echo_fixture, "an actor that always has more to do starves "
                                "nobody") {
  std::atomic<bool> enough{false};
  fake_job job{[&enough](caf::execution_unit*) {
    return enough ? resumable::done : resumable::resume_later;
  }};
  hand_over(job);
  CHECK(serves_all());
  CHECK(echoes());
  enough = true;
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(echo_fixture, "a function that posts itself again and again "
                                "starves nobody") {
  std::atomic<bool> enough{false};
  std::function<void()> again = [&] {
    if (!enough)
      home.post(again);
  };
  home.post(again);
  CHECK(serves_all());
  CHECK(echoes());
  enough = true;
  wait_for_turns(home);
}

TEST_CASE_FIXTURE(echo_fixture, "a timer that is always due starves nobody") {
  fake_timer due;
  due.what = [&] { home.set_timer(due, home.now()); };
  home.call([&] { home.set_timer(due, home.now()); });
  CHECK(serves_all());
  CHECK(echoes());
  home.call([&] { home.set_timer(due, time_point::max()); });
}

} // namespace wsrelay::loop_turn_test
