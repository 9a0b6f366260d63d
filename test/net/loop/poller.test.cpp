// Readiness, told once.
#include "net/loop/poller.hpp"

#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace wsrelay::poller_test {

using namespace wsrelay::test;

namespace {

// Both ends of one connection. The kernel tells one of these about the other
// before the call returns, so that what is not told can be tested too.
struct socket_pair {
  socket_pair() {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                         pair)
            == 0);
    here = plain_socket{pair[0]};
    there = plain_socket{pair[1]};
  }

  int fd() const { return here.descriptor(); }

  // Sends until the kernel takes no more.
  void fill() {
    char bytes[4096]{};
    while (::send(fd(), bytes, sizeof bytes, MSG_NOSIGNAL) > 0) {
    }
  }

  void drain() {
    while (!there.receive().empty()) {
    }
  }

  plain_socket here;
  plain_socket there;
};

struct watcher final : pollable {
  void on_ready(readiness what) override {
    told.push_back(what);
    if (then)
      then();
  }

  // What was told since the last call, as a text: "r" readable, "w" writable,
  // "h" hung up.
  std::vector<std::string> take() {
    std::vector<std::string> result;
    for (auto& each : std::exchange(told, {}))
      result.push_back(std::string{each.readable ? "r" : ""}
                       + (each.writable ? "w" : "")
                       + (each.hung_up ? "h" : ""));
    return result;
  }

  std::vector<readiness> told;
  std::function<void()> then;
};

using strings = std::vector<std::string>;

struct fixture {
  // Everything that is ready now.
  std::size_t poll_all() {
    std::size_t result = 0;
    while (auto count = sockets.poll(0ms))
      result += count;
    return result;
  }

  poller sockets;
  socket_pair pair;
  watcher who;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a socket that is added is told what is possible "
                           "already, once") {
  strings expected{"w"};
  SUBCASE("nothing to read") {}
  SUBCASE("something to read") {
    pair.there.send("a");
    expected = {"rw"};
  }
  SUBCASE("an end to read") {
    pair.there.close();
    expected = {"rwh"};
  }
  REQUIRE(sockets.add(pair.fd(), who));
  CHECK(poll_all() == 1);
  CHECK(who.take() == expected);
  CHECK(poll_all() == 0);
  CHECK(who.take().empty());
}

TEST_CASE_FIXTURE(fixture, "reading is told again only when more comes") {
  REQUIRE(sockets.add(pair.fd(), who));
  poll_all();
  who.take();
  pair.there.send("ab");
  poll_all();
  CHECK(who.take() == strings{"rw"});
  poll_all();
  CHECK(who.take().empty());
  SUBCASE("though not all was read") {
    CHECK(pair.here.receive(1) == "a");
  }
  SUBCASE("after a read that left nothing") {
    CHECK(pair.here.receive(100) == "ab");
  }
  poll_all();
  CHECK(who.take().empty());
  pair.there.send("c");
  poll_all();
  CHECK(who.take() == strings{"rw"});
}

TEST_CASE_FIXTURE(fixture, "writing is told after a write that would have "
                           "blocked") {
  REQUIRE(sockets.add(pair.fd(), who));
  poll_all();
  who.take();
  pair.fill();
  poll_all();
  CHECK(who.take().empty());
  pair.drain();
  poll_all();
  auto told = who.take();
  REQUIRE(!told.empty());
  CHECK(told.back() == "w");
}

TEST_CASE_FIXTURE(fixture, "what comes while nothing can be written is told "
                           "as readable alone") {
  REQUIRE(sockets.add(pair.fd(), who));
  pair.fill();
  poll_all();
  who.take();
  pair.there.send("a");
  poll_all();
  CHECK(who.take() == strings{"r"});
}

TEST_CASE_FIXTURE(fixture, "an end is told with the data before it") {
  REQUIRE(sockets.add(pair.fd(), who));
  poll_all();
  who.take();
  pair.there.send("last");
  SUBCASE("half closed") {
    ::shutdown(pair.there.descriptor(), SHUT_WR);
  }
  SUBCASE("closed") {
    pair.there.close();
  }
  poll_all();
  CHECK(who.take() == strings{"rwh"});
  CHECK(pair.here.receive(100) == "last");
  CHECK(pair.here.receive(100) == "");
  poll_all();
  CHECK(who.take().empty());
}

TEST_CASE_FIXTURE(fixture, "an end is told while nothing can be written") {
  REQUIRE(sockets.add(pair.fd(), who));
  pair.fill();
  poll_all();
  who.take();
  pair.there.close();
  poll_all();
  CHECK(who.take() == strings{"rwh"});
}

TEST_CASE_FIXTURE(fixture, "a reset is an end") {
  plain_listener listener;
  auto client = plain_socket::connect_to(listener.port());
  auto accepted = listener.accept();
  REQUIRE(sockets.add(accepted.descriptor(), who));
  poll_all();
  who.take();
  client.reset();
  CHECK(holds_soon([this] { return poll_all() > 0; }));
  CHECK(who.take() == strings{"rwh"});
}

TEST_CASE_FIXTURE(fixture, "a socket that was closed is not told") {
  REQUIRE(sockets.add(pair.fd(), who));
  poll_all();
  who.take();
  pair.there.send("a");
  sockets.forget(who);
  pair.here.close();
  CHECK(poll_all() == 0);
  CHECK(who.take().empty());
}

// -- a batch ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "whoever is forgotten during a batch is not told "
                           "any more") {
  constexpr std::size_t count = 5;
  std::array<socket_pair, count> pairs;
  std::vector<std::unique_ptr<watcher>> watchers;
  std::size_t told = 0;
  // Whoever is first closes all, itself included.
  auto end_all = [&] {
    ++told;
    for (std::size_t i = 0; i < count; ++i) {
      sockets.forget(*watchers[i]);
      pairs[i].here.close();
    }
  };
  for (auto& each : pairs) {
    auto& made = *watchers.emplace_back(std::make_unique<watcher>());
    made.then = end_all;
    REQUIRE(sockets.add(each.fd(), made));
  }
  poll_all();
  CHECK(told == 1);
  watchers.clear();
  CHECK(poll_all() == 0);
}

TEST_CASE_FIXTURE(fixture, "whoever is forgotten may be destroyed at once") {
  socket_pair other;
  std::array<std::unique_ptr<watcher>, 2> two{std::make_unique<watcher>(),
                                              std::make_unique<watcher>()};
  std::array<socket_pair*, 2> sockets_of{&pair, &other};
  int told = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    two[i]->then = [&, i] {
      ++told;
      sockets.forget(*two[1 - i]);
      sockets_of[1 - i]->here.close();
      two[1 - i].reset();
    };
    REQUIRE(sockets.add(sockets_of[i]->fd(), *two[i]));
  }
  poll_all();
  CHECK(told == 1);
}

TEST_CASE_FIXTURE(fixture, "forgetting one leaves the others of the batch") {
  std::array<socket_pair, 4> pairs;
  std::array<watcher, 4> watchers;
  watcher* forgotten = nullptr;
  for (std::size_t i = 0; i < 4; ++i) {
    watchers[i].then = [&, i] {
      if (forgotten)
        return;
      forgotten = &watchers[(i + 1) % 4];
      sockets.forget(*forgotten);
      pairs[(i + 1) % 4].here.close();
    };
    REQUIRE(sockets.add(pairs[i].fd(), watchers[i]));
  }
  poll_all();
  REQUIRE(forgotten);
  for (auto& each : watchers)
    CHECK(each.told.size() == (&each == forgotten ? 0 : 1));
}

TEST_CASE_FIXTURE(fixture, "a socket that is added during a batch is told in "
                           "a later one") {
  socket_pair other;
  watcher late;
  who.then = [&] {
    REQUIRE(sockets.add(other.fd(), late));
    CHECK(late.told.empty());
  };
  REQUIRE(sockets.add(pair.fd(), who));
  poll_all();
  CHECK(late.take() == strings{"w"});
}

TEST_CASE_FIXTURE(fixture, "more ready sockets than a batch are told once "
                           "each") {
  constexpr std::size_t count = 2 * poller::batch + 1;
  std::vector<watcher> watchers(count);
  std::vector<plain_socket> same; // many descriptors of one socket
  for (auto& each : watchers) {
    same.emplace_back(::fcntl(pair.fd(), F_DUPFD_CLOEXEC, 0));
    REQUIRE(sockets.add(same.back().descriptor(), each));
  }
  CHECK(sockets.poll(0ms) == poller::batch);
  CHECK(sockets.poll(0ms) == poller::batch);
  CHECK(sockets.poll(0ms) == 1);
  CHECK(sockets.poll(0ms) == 0);
  for (auto& each : watchers)
    CHECK(each.told.size() == 1);
}

// -- the rest -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "whoever waits goes on when a socket is ready") {
  REQUIRE(sockets.add(pair.fd(), who));
  poll_all();
  pair.there.send("a");
  CHECK(sockets.poll(1h) == 1);
  CHECK(sockets.poll(1ms) == 0); // nobody read it, and yet it was told
}

TEST_CASE_FIXTURE(fixture, "whoever waits is woken by another thread") {
  sockets.wake(); // before it waits
  sockets.wake();
  CHECK(sockets.poll(1h) == 0);
  CHECK(sockets.poll(1ms) == 0); // once
  std::thread other{[this] { sockets.wake(); }};
  CHECK(sockets.poll(1h) == 0);
  other.join();
}

TEST_CASE_FIXTURE(fixture, "what the kernel does not watch is refused") {
  CHECK(!sockets.add(-1, who));
  REQUIRE(sockets.add(pair.fd(), who));
  CHECK(!sockets.add(pair.fd(), who)); // twice
  poll_all();
  CHECK(who.told.size() == 1);
}

} // namespace wsrelay::poller_test
