// Blocked signals, and the thread that waits for them.
#include "net/termination_signals.hpp"

#include "actors/log.hpp"

namespace wsrelay {

namespace {

bool is_ignored(int number) {
  struct sigaction now;
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

} // namespace

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

int termination_signals::wait() const {
  for (;;) {
    int number = 0;
    sigwait(&set_, &number);
    if (number != SIGHUP)
      return number;
    log().info("SIGHUP ignored: the configuration is read at the start only");
  }
}

} // namespace wsrelay
