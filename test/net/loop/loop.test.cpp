// One thread for sockets and actors.
#include "net/loop/loop.hpp"

#include "test/net/loop/fake_job.hpp"
#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <stdexcept>

using namespace wsrelay;
using namespace wsrelay::test;
using caf::resumable;

namespace {

struct fixture : loop_fixture {
  fixture() {
    loop_thread = home.call([] { return std::this_thread::get_id(); });
  }

  // A job that says where it ran.
  fake_job::function tell_thread(resumable::resume_result result) {
    return [this, result](caf::execution_unit* unit) {
      unit_is_loop = unit == &home;
      on_loop = std::this_thread::get_id() == loop_thread;
      ++runs;
      return result;
    };
  }

  // As CAF does it: the unit gets a reference.
  void hand_over(fake_job& job) {
    job.intrusive_ptr_add_ref_impl();
    home.exec_later(&job);
  }

  bool ran(int count) {
    return holds_soon([this, count] { return runs == count; });
  }

  std::thread::id loop_thread;
  std::atomic<int> runs{0};
  std::atomic<bool> on_loop{false};
  std::atomic<bool> unit_is_loop{false};
};

struct timer final : loop_timer {
  void on_timer() override { what(); }
  std::function<void()> what;
};

struct task final : loop_task {
  void flush() override { at_flush(); }
  void go_on() override { at_go_on(); }
  std::function<void()> at_flush;
  std::function<void()> at_go_on;
};

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

  // Whether functions, timers, actors, output and what was put off all get
  // their turn.
  bool serves_all() {
    std::atomic<int> served{0};
    auto serve = [&served] { ++served; };
    timer soon;
    soon.what = serve;
    task work;
    work.at_flush = work.at_go_on = serve;
    fake_job job{[&](caf::execution_unit*) {
      serve();
      return resumable::done;
    }};
    home.call([&] {
      serve();
      home.set_timer(soon, home.now() + 1ms);
      home.flush_later(work);
      home.go_on_later(work);
      hand_over(job);
    });
    auto result = holds_soon([&] { return served == 5; });
    home.call([&] { // they end here
      home.forget(work);
      home.set_timer(soon, time_point::max());
    });
    return result && holds_soon([&] { return job.references == 0; });
  }

  std::optional<echo_socket> here;
  std::optional<echo_socket> there;
};

// Something the node closes when it stops.
struct droppable final : open_socket {
  explicit droppable(bool idle = false) : idle{idle} {}

  void abort() override {
    ++aborts;
    if (then)
      then();
  }
  bool is_idle() const override { return idle; }

  bool idle;
  int aborts = 0;
  std::function<void()> then;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "posted functions run in order on the loop's "
                           "thread") {
  std::vector<int> order;
  for (int i = 0; i < 100; ++i)
    home.post([&order, i] { order.push_back(i); });
  auto seen = home.call([&] { return order; });
  REQUIRE(seen.size() == 100);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(loop_thread != std::this_thread::get_id());
}

TEST_CASE_FIXTURE(fixture, "whoever calls a function on the loop gets what it "
                           "returns or throws") {
  CHECK(home.call([] { return std::this_thread::get_id(); }) == loop_thread);
  auto fail = [] { throw std::runtime_error{"called"}; };
  CHECK_THROWS_WITH(home.call(fail), "called");
  CHECK(serves_all());
}

TEST_CASE_FIXTURE(fixture, "a job from another thread runs on the loop") {
  fake_job job{tell_thread(resumable::awaiting_message), resumable::io_actor};
  hand_over(job);
  REQUIRE(ran(1));
  CHECK(on_loop);
  CHECK(unit_is_loop);
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a target that becomes ready on the loop runs "
                           "there") {
  fake_job job{tell_thread(resumable::awaiting_message)};
  home.call([&] { hand_over(job); });
  REQUIRE(ran(1));
  CHECK(on_loop);
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a job that has more to do runs again") {
  fake_job job{[this](caf::execution_unit*) {
    return ++runs < 5 ? resumable::resume_later : resumable::done;
  }};
  hand_over(job);
  CHECK(ran(5));
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a job that always has more to do starves nobody") {
  std::atomic<bool> enough{false};
  fake_job job{[&enough](caf::execution_unit*) {
    return enough ? resumable::done : resumable::resume_later;
  }};
  hand_over(job);
  auto fired = std::make_shared<std::promise<void>>();
  timer soon;
  soon.what = [fired] { fired->set_value(); };
  home.call([&] { home.set_timer(soon, home.now() + 1ms); });
  CHECK(fired->get_future().wait_for(patience) == std::future_status::ready);
  enough = true;
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a target that was found slow goes to the "
                           "scheduler") {
  loop quick{system, 1ms};
  quick.start("quick");
  auto quick_thread = quick.call([] { return std::this_thread::get_id(); });
  std::atomic<bool> was_on_loop{true};
  fake_job job{[&](caf::execution_unit*) {
    was_on_loop = std::this_thread::get_id() == quick_thread;
    std::this_thread::sleep_for(5ms);
    ++runs;
    return resumable::awaiting_message;
  }};
  for (int i = 1; i <= 3; ++i) {
    job.intrusive_ptr_add_ref_impl();
    quick.exec_later(&job);
    REQUIRE(ran(i));
  }
  CHECK(!was_on_loop);
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "timers fire on the loop, in order") {
  std::array<timer, 3> timers;
  std::vector<int> order;
  auto done = std::make_shared<std::promise<void>>();
  for (int i = 0; i < 3; ++i)
    timers[i].what = [&order, i, done] {
      order.push_back(i);
      if (order.size() == 3)
        done->set_value();
    };
  home.call([&] {
    auto now = home.now();
    home.set_timer(timers[2], now + 3ms);
    home.set_timer(timers[0], now + 1ms);
    home.set_timer(timers[1], now + 2ms);
  });
  REQUIRE(done->get_future().wait_for(patience) == std::future_status::ready);
  CHECK(order == std::vector<int>{0, 1, 2});
}

TEST_CASE_FIXTURE(fixture, "a loop that is stopped leaves its jobs to the "
                           "scheduler") {
  fake_job job{[this](caf::execution_unit*) {
    ++runs;
    on_loop = std::this_thread::get_id() == loop_thread;
    return on_loop ? resumable::resume_later : resumable::done;
  }};
  hand_over(job);
  REQUIRE(holds_soon([this] { return runs > 0; }));
  home.stop();
  CHECK(holds_soon([&] { return job.references == 0; }));
  CHECK(!on_loop);
}

TEST_CASE_FIXTURE(fixture, "a job for a loop that has stopped runs on the "
                           "scheduler") {
  home.stop();
  fake_job job{tell_thread(resumable::awaiting_message)};
  hand_over(job);
  REQUIRE(ran(1));
  CHECK(!on_loop);
  CHECK(holds_soon([&] { return job.references == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a loop stops twice, and without a start") {
  home.stop();
  home.stop();
  loop never{system, 1ms};
  never.stop();
}

// -- the turn -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture,
                  "in a turn come functions, what was put off, actors, "
                  "output, timers") {
  std::string order;
  timer due;
  due.what = [&] { order += "timer"; };
  task work;
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

TEST_CASE_FIXTURE(fixture, "what is added by its own kind belongs to the next "
                           "turn") {
  std::string order;
  int rounds = 0;
  task work;
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
  task work;
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
  task work;
  work.at_go_on = work.at_flush = [&] { called = true; };
  SUBCASE("before its turn") {
    home.call([&] {
      home.flush_later(work);
      home.go_on_later(work);
      home.forget(work);
    });
  }
  SUBCASE("in its turn") {
    task other;
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
  task work;
  work.at_go_on = work.at_flush = [&] { ++served; };
  timer soon;
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
  timer soon;
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
  task work;
  work.at_flush = [] {};
  work.at_go_on = [&] { home.go_on_later(work); };
  home.call([&] { home.go_on_later(work); });
  CHECK(serves_all());
  CHECK(echoes());
  home.call([&] { home.forget(work); });
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
  timer due;
  due.what = [&] { home.set_timer(due, home.now()); };
  home.call([&] { home.set_timer(due, home.now()); });
  CHECK(serves_all());
  CHECK(echoes());
  home.call([&] { home.set_timer(due, time_point::max()); });
}

// -- the end ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "idle sockets are dropped alone, or all of them") {
  droppable idle{true}, busy{false};
  home.call([&] {
    home.add(idle);
    home.add(busy);
    home.abort_sockets(true);
  });
  CHECK(idle.aborts == 1);
  CHECK(busy.aborts == 0);
  home.call([&] { home.abort_sockets(false); });
  CHECK(idle.aborts == 2); // it stayed in the list
  CHECK(busy.aborts == 1);
  home.call([&] {
    idle.unlink();
    busy.unlink();
    home.abort_sockets(false);
  });
  CHECK(idle.aborts == 2);
  CHECK(busy.aborts == 1);
}

TEST_CASE_FIXTURE(fixture, "a socket may end when it is dropped") {
  auto doomed = std::make_unique<droppable>();
  droppable other;
  int dropped = 0;
  doomed->then = [&] { ++dropped; };
  other.then = [&] { other.unlink(); };
  home.call([&] {
    home.add(*doomed);
    home.add(other);
    home.abort_sockets(false);
    doomed.reset();
    home.abort_sockets(false);
  });
  CHECK(dropped == 1);
  CHECK(other.aborts == 1);
}

TEST_CASE_FIXTURE(fixture, "a socket that is dropped may end others") {
  auto first = std::make_unique<droppable>();
  auto last = std::make_unique<droppable>();
  droppable middle;
  middle.then = [&] {
    first.reset();
    last.reset();
  };
  home.call([&] {
    home.add(*first);
    home.add(middle);
    home.add(*last);
    home.abort_sockets(false);
    home.abort_sockets(false);
    middle.unlink();
  });
  CHECK(middle.aborts == 2);
}

TEST_CASE_FIXTURE(fixture, "a loop that stops drops its sockets, and goes on "
                           "with what they put off") {
  droppable socket;
  bool gone_on = false;
  bool dropped_on_loop = false;
  task work;
  work.at_go_on = [&] { gone_on = true; };
  socket.then = [&] {
    dropped_on_loop = std::this_thread::get_id() == loop_thread;
    socket.unlink();
    home.go_on_later(work);
  };
  home.call([&] { home.add(socket); });
  home.stop();
  CHECK(socket.aborts == 1);
  CHECK(dropped_on_loop);
  CHECK(gone_on);
}
