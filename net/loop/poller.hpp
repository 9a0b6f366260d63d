// Readiness of the loop's sockets, and where the loop sleeps: one registration
// for the life of a socket, no system call and no memory per read or write.
// After a read that left nothing there is none that fails, since the
// edge-triggered interface tells of more (epoll(7), "Questions and answers",
// 9).
#pragma once

#include "net/loop/unique_fd.hpp"

#include <array>
#include <chrono>
#include <cstddef>

#include <sys/epoll.h>

namespace wsrelay {

/// What became possible. Each is told once (edge-triggered): reading, until a
/// read returned less than it asked for, writing after a write that would have
/// blocked. With `hung_up` there is an end to read behind the data.
struct readiness {
  bool readable;
  bool writable;
  bool hung_up;
};

/// A socket that a poller watches.
class pollable {
public:
  virtual void on_ready(readiness what) = 0;

protected:
  ~pollable() = default;
};

/// An epoll instance. One thread, but for `add` and `wake`.
class poller {
public:
  poller();

  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Watches a socket until it is closed. `who` is told what is possible
  /// already. Returns whether the kernel took it, else `errno` says why.
  bool add(int socket, pollable& who);

  /// Watches it no more, before it is closed: another one may.
  void remove(int socket, const pollable& who) noexcept;

  /// `who` is not told any more; its socket is closed already, or will be
  /// before the next `poll`.
  void forget(const pollable& who) noexcept;

  /// Waits until a socket is ready, `limit` is over, or somebody wakes it, or
  /// has since the last call; a negative limit is none. Then it calls `awake`,
  /// tells every socket that is ready, at most `batch`, and calls `then` after
  /// each. Returns their number.
  template <class Awake, class Function>
  std::size_t poll(std::chrono::milliseconds limit, Awake awake,
                   Function then) {
    wait(limit);
    awake();
    std::size_t told = 0;
    while (at_ < count_)
      if (tell_next()) {
        ++told;
        then();
      }
    count_ = at_ = 0;
    return told;
  }

  std::size_t poll(std::chrono::milliseconds limit) {
    return poll(
        limit, [] {}, [] {});
  }

  /// Any thread, also from a signal's handler.
  void wake() noexcept;

  static constexpr std::size_t batch = 256;

private:
  bool watch(int fd, unsigned events, pollable* who) noexcept;
  void wait(std::chrono::milliseconds limit) noexcept;
  bool tell_next();

  unique_fd fd_;
  unique_fd wake_up_; // of which nothing is ever read: each write is told once
  std::array<epoll_event, batch> events_;
  std::size_t count_ = 0; // events of the batch under way
  std::size_t at_ = 0;
};

} // namespace wsrelay
