// A descriptor that is closed when its owner ends.
#pragma once

#include <unistd.h>

#include <utility>

namespace wsrelay {

class unique_fd {
public:
  unique_fd() = default;

  /// Takes a descriptor over; a negative one is none.
  explicit unique_fd(int descriptor) noexcept : fd_{descriptor} {}

  unique_fd(unique_fd&& other) noexcept : fd_{other.release()} {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~unique_fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

  /// Gives the descriptor away.
  int release() noexcept { return std::exchange(fd_, -1); }

  void reset() noexcept {
    if (auto fd = release(); fd >= 0)
      ::close(fd);
  }

private:
  int fd_ = -1;
};

} // namespace wsrelay
