// Readiness of the loop's WebSockets, beside Asio: one registration for the
// life of a socket, no system call and no memory per read or write. Asio makes
// a read that fails after each that succeeds, since it takes no account of what
// the edge-triggered interface promises (epoll(7), "Questions and answers", 9).
#pragma once

#include <array>
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

/// An epoll instance. One thread.
class poller {
public:
  poller();
  ~poller();

  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Becomes readable when a socket is ready.
  int descriptor() const noexcept { return fd_; }

  /// Watches a socket until it is closed. `who` is told what is possible
  /// already. Returns whether the kernel took it.
  bool add(int socket, pollable& who);

  /// `who` is not told any more; its socket is closed already, or will be
  /// before the next `poll`.
  void forget(const pollable& who) noexcept;

  /// Tells every socket that is ready, at most `batch`; does not block. Returns
  /// their number.
  std::size_t poll();

  static constexpr std::size_t batch = 256;

private:
  int fd_;
  std::array<epoll_event, batch> events_;
  std::size_t count_ = 0; // events of the batch under way
  std::size_t at_ = 0;
};

} // namespace wsrelay
