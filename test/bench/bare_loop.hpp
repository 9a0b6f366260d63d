// What yardsticks on one thread need: a listening socket, epoll, reads into one
// memory. Edge-triggered.
#pragma once

#include "net/loop/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace wsrelay::bench {

inline std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t result = 0;
  auto end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, result);
  if (error != std::errc{} || at != end)
    return std::nullopt;
  return result;
}

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  result.sin_port = htons(port);
  return result;
}

inline unique_fd make_socket() {
  unique_fd result{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
  int on = 1;
  ::setsockopt(result.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return result;
}

inline bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(count > 0 ? count : 0));
  }
  return true;
}

class bare_loop {
public:
  /// Of the listening socket; others bring what is theirs.
  static constexpr void* listener = nullptr;

  /// Port 0: the kernel chooses.
  explicit bare_loop(std::uint16_t port)
      : listening_{make_socket()},
        poll_{::epoll_create1(0)},
        input_(256 * 1024, '\0') {
    auto at = loopback(port);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    works_ = ::bind(listening_.get(), address, size) == 0
             && ::listen(listening_.get(), SOMAXCONN) == 0
             && ::getsockname(listening_.get(), address, &size) == 0;
    port_ = ntohs(at.sin_port);
    watch(listening_.get(), listener);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  /// Returns whether it listens, and says so on standard output.
  bool announce(const char* program) const {
    if (!works_) {
      std::perror(program);
      return false;
    }
    std::printf("listening on 127.0.0.1:%u\n", port_);
    std::fflush(stdout);
    return true;
  }

  void watch(int fd, void* who, std::uint32_t more = 0) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | more;
    event.data.ptr = who;
    ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  /// Returns the next client, or none.
  unique_fd accept() {
    return unique_fd{
        ::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK)};
  }

  /// Waits, and calls `serve` for each that is ready.
  template <class Function>
  void turn(Function&& serve) {
    std::array<epoll_event, 256> events;
    auto count = ::epoll_wait(poll_.get(), events.data(), 256, -1);
    for (int i = 0; i < count; ++i)
      serve(events[i].data.ptr);
  }

  /// Reads what is there, behind the rest of before, and has it used: `use`
  /// returns how many bytes it took, or -1. Returns whether the socket goes on.
  template <class Function>
  bool read(int fd, std::string& rest, Function&& use) {
    for (;;) {
      auto held = rest.copy(input_.data(), rest.size());
      if (input_.size() - held < 64 * 1024)
        input_.resize(2 * input_.size());
      auto room = input_.size() - held;
      auto count = ::recv(fd, input_.data() + held, room, MSG_DONTWAIT);
      if (count <= 0)
        return count < 0 && errno == EAGAIN;
      auto size = static_cast<std::size_t>(count);
      std::string_view bytes{input_.data(), held + size};
      auto used = use(bytes);
      if (used < 0)
        return false;
      rest.assign(bytes.substr(static_cast<std::size_t>(used)));
      if (size < room)
        return true; // the poller tells of more
    }
  }

private:
  unique_fd listening_;
  unique_fd poll_;
  std::string input_; // shared by all: what is left goes to its owner
  unsigned port_ = 0;
  bool works_ = false;
};

} // namespace wsrelay::bench
