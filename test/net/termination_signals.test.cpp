#include "net/termination_signals.hpp"

#include "test/support/line_sink.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <pthread.h>
#include <unistd.h>

namespace wsrelay::termination_signals_test {

namespace {

// Signals go to the test's own thread, where they are blocked. The rest of the
// tests gets back what it had.
struct fixture : test::captured_log {
  fixture() {
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (auto number : {SIGHUP, SIGINT, SIGTERM, SIGPIPE})
      before.push_back(std::signal(number, SIG_DFL));
  }

  ~fixture() {
    // Whatever a failed test left pending must not end the program.
    for (auto number : {SIGHUP, SIGINT, SIGTERM})
      std::signal(number, SIG_IGN);
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    auto handler = before.begin();
    for (auto number : {SIGHUP, SIGINT, SIGTERM, SIGPIPE})
      std::signal(number, *handler++);
  }

  static void raise(int number) { pthread_kill(pthread_self(), number); }

  sigset_t mask;
  std::vector<void (*)(int)> before;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "SIGTERM and SIGINT end the wait and are logged") {
  termination_signals signals;
  for (auto number : {SIGTERM, SIGINT}) {
    raise(number);
    CHECK(signals.wait() == number);
  }
  CHECK(sink->lines
        == std::vector<std::string>{"stopping: signal=SIGTERM",
                                    "stopping: signal=SIGINT"});
}

TEST_CASE_FIXTURE(fixture, "they do so when they were inherited as ignored") {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  termination_signals signals;
  for (auto number : {SIGTERM, SIGINT}) {
    raise(number);
    CHECK(signals.wait() == number);
  }
}

TEST_CASE_FIXTURE(fixture, "SIGHUP ends nothing and is told once") {
  termination_signals signals;
  raise(SIGHUP); // before SIGTERM: lower numbers are delivered first
  raise(SIGTERM);
  CHECK(signals.wait() == SIGTERM);
  REQUIRE(sink->lines.size() == 2);
  CHECK(sink->lines[0]
        == "SIGHUP ignored: the configuration is read at the start only");
}

TEST_CASE_FIXTURE(fixture, "SIGHUP can be given a meaning") {
  int calls = 0;
  termination_signals signals;
  raise(SIGHUP);
  raise(SIGTERM);
  CHECK(signals.wait([&] { ++calls; }) == SIGTERM);
  CHECK(calls == 1);
}

TEST_CASE_FIXTURE(fixture, "a SIGHUP that was inherited as ignored stays so") {
  std::signal(SIGHUP, SIG_IGN);
  termination_signals signals;
  raise(SIGHUP);
  raise(SIGTERM);
  CHECK(signals.wait() == SIGTERM);
  CHECK(sink->lines.size() == 1); // of SIGTERM
  auto is_kept = std::signal(SIGHUP, SIG_IGN) == SIG_IGN;
  CHECK(is_kept);
}

TEST_CASE_FIXTURE(fixture, "a signal that comes after the first one changes "
                           "nothing") {
  termination_signals signals;
  raise(SIGTERM);
  CHECK(signals.wait() == SIGTERM);
  raise(SIGTERM);
  raise(SIGHUP); // pending, both
}

TEST_CASE_FIXTURE(fixture, "a write to a pipe without a reader is an error, no "
                           "end") {
  termination_signals signals;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  CHECK(::write(ends[1], "x", 1) == -1);
  CHECK(errno == EPIPE);
  ::close(ends[1]);
}

} // namespace wsrelay::termination_signals_test
