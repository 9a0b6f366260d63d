// A thread that waits for signals.
#include "tools/wsrelay/interruption.hpp"

#include <pthread.h>

#include <utility>

namespace wsrelay::cli {

namespace {

sigset_t termination() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

} // namespace

void block_termination() {
  auto set = termination();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A shell starts background jobs with SIGINT ignored; an ignored signal never
  // becomes pending.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

interruption::interruption(std::function<void()> on_signal)
    : thread_{[on_signal = std::move(on_signal)] {
        auto set = termination();
        int number = 0;
        sigwait(&set, &number);
        on_signal();
      }} {}

// The signal to the thread itself ends its wait; the call then says nothing
// new.
interruption::~interruption() {
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

} // namespace wsrelay::cli
