// Sockets in a loop's turn: each wakes it, and none starves the others.
#include "net/loop/socket_places.hpp"
#include "test/net/loop/job_fixture.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::loop_sockets_test {

using namespace wsrelay::test;
using fixture = job_fixture;

namespace {

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

TEST_CASE_FIXTURE(fixture, "of sockets that are dropped some are spared") {
  struct counted final : open_socket {
    void abort() override { ++aborted; }
    bool is_idle() const override { return false; }
    const socket_places* place_at() const noexcept override { return place; }
    const socket_places* place = nullptr;
    int aborted = 0;
  };
  socket_places kept{1}, other{1};
  counted all[3];
  all[0].place = &kept;
  all[1].place = &other;
  home.call([&] {
    for (auto& each : all)
      home.add(each);
  });
  home.drop_sockets({&kept});
  CHECK(all[0].aborted == 0);
  CHECK(all[1].aborted == 1);
  CHECK(all[2].aborted == 1); // it has none
  home.drop_sockets();
  CHECK(all[0].aborted == 1);
  home.call([&] {
    for (auto& each : all)
      each.unlink();
  });
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

TEST_CASE_FIXTURE(echo_fixture, "what came before a deadline is read before it "
                                "fires, however long the turn was") {
  std::atomic<int> seen{-1};
  fake_timer late;
  home.call([&, before = std::make_shared<int>()] {
    *before = here->times; // it was told that it may write
    late.what = [&, before] { seen = here->times - *before; };
    auto due = home.now() + 1ms;
    home.set_timer(late, due);
    there->socket.send("x");
    while (home.now() <= due) // the turn takes longer than the timer
      continue;
  });
  CHECK(holds_soon([&] { return seen >= 0; }));
  CHECK(seen == 1);
}

} // namespace wsrelay::loop_sockets_test
