// Blocked signals, and the thread that waits for them.
#include "net/termination_signals.hpp"

#include "actors/log.hpp"

#include <atomic>
#include <string_view>

#include <cstring>

#include <unistd.h>

namespace wsrelay {

namespace {

// A property of the process, as the signals are.
std::atomic<bool> was_received{false};
std::atomic<bool> was_ordered{false};

void log_stop(std::string_view what, int number) {
  if (number == SIGTERM && was_ordered.exchange(false))
    log().info(R"({}: reason="an operator has ordered it to drain")", what);
  else
    log().info("{}: signal=SIG{}", what, ::sigabbrev_np(number));
}

bool is_ignored(int number) {
  struct sigaction now;
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

} // namespace

void termination_signals::hold_hang_up() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

termination_signals::termination_signals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  if (!is_ignored(SIGHUP))
    sigaddset(&set_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  // A shell starts background jobs with SIGINT ignored; an ignored signal never
  // becomes pending.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  // Sockets are written without it; standard output may be a pipe.
  std::signal(SIGPIPE, SIG_IGN);
}

termination_signals::~termination_signals() {
  was_received = false;
  was_ordered = false;
}

int termination_signals::wait(const std::function<void()>& on_hang_up) const {
  for (;;) {
    int number = 0;
    sigwait(&set_, &number);
    if (number != SIGHUP) {
      was_received = true;
      log_stop("stopping", number);
      return number;
    }
    if (on_hang_up)
      on_hang_up();
    else
      log().info("SIGHUP ignored: the configuration is read at the start only");
  }
}

bool termination_signals::again() const {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  constexpr timespec at_once{0, 0};
  auto number = sigtimedwait(&ends, nullptr, &at_once);
  if (number > 0)
    log_stop("stopping now", number);
  return number > 0;
}

// To all of its threads: the one that waits takes it.
void termination_signals::raise() noexcept {
  was_ordered = true;
  ::kill(::getpid(), SIGTERM);
}

bool termination_signals::received() noexcept {
  return was_received;
}

} // namespace wsrelay
