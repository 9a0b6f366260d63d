// What the tests of net share: waiting with a deadline, a loop to run things
// on, plain sockets.
#pragma once

#include "net/loop/loop.hpp"
#include "net/node.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace wsrelay::test {

using namespace std::chrono_literals;

/// Longest wait for something that has to happen.
inline constexpr auto patience = 20s;

/// Waits until `condition` holds. False when it does not in time.
template <class F>
bool holds_soon(F condition) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// Puts itself off until `count` more turns have begun.
class turn_counter final : public loop_task {
public:
  turn_counter(loop& home, int count) : home_{home}, left_{count} {}

  void flush() override {}
  void go_on() override {
    if (--left_ >= 0)
      return home_.go_on_later(*this);
    auto done = done_; // whoever waits may destroy this at once
    done->set_value();
  }

  std::future<void> done() { return done_->get_future(); }

private:
  loop& home_;
  int left_;
  std::shared_ptr<std::promise<void>> done_ =
      std::make_shared<std::promise<void>>();
};

/// Lets the loop make some whole turns: what was ready before is over. Posted
/// functions cannot tell, since many of them run in one turn.
inline void wait_for_turns(loop& home, int count = 4) {
  turn_counter counter{home, count};
  auto done = counter.done();
  home.post([&] { home.go_on_later(counter); });
  done.wait();
}

/// A system with one loop.
struct loop_fixture {
  loop_fixture() { home.start("test"); }

  /// Lets the loop make some whole turns.
  void make_turns() { wait_for_turns(home, 20); }

  system_config settings;
  caf::actor_system system{settings};
  loop home{system, 1h};
};

/// A socket of the other side, blocking, with a limit on waiting.
class plain_socket {
public:
  plain_socket() = default;
  /// Takes a descriptor over.
  explicit plain_socket(int descriptor);
  plain_socket(plain_socket&& other) noexcept
      : fd_{std::exchange(other.fd_, -1)} {}
  plain_socket& operator=(plain_socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~plain_socket() { close(); }

  /// `receive_buffer` in bytes, 0 = what the kernel thinks fit.
  static plain_socket connect_to(std::uint16_t port, int receive_buffer = 0);

  int descriptor() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  /// Returns whether the kernel took all of it.
  bool send(std::string_view bytes);
  /// Returns what has come, "" at the end or after an error.
  std::string receive(std::size_t at_most = 64 * 1024);
  /// Reads until `count` bytes have come, or the end.
  std::string receive_exactly(std::size_t count);
  /// Reads up to and including `mark`, or to the end.
  std::string receive_until(std::string_view mark);
  /// Closes with an RST.
  void reset();
  void close();

private:
  int fd_ = -1;
};

/// Listens on a port that the kernel chooses.
class plain_listener {
public:
  plain_listener();
  ~plain_listener();

  plain_listener(const plain_listener&) = delete;
  plain_listener& operator=(const plain_listener&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  plain_socket accept();
  void close();

private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

} // namespace wsrelay::test
