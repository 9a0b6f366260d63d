// epoll(7).
#include "net/loop/poller.hpp"

#include "net/loop/guard.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

namespace wsrelay {

poller::poller()
    : fd_{::epoll_create1(EPOLL_CLOEXEC)},
      wake_up_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (!fd_ || !wake_up_ || !watch(wake_up_.get(), EPOLLIN | EPOLLET, nullptr))
    throw std::system_error{errno, std::system_category(), "epoll"};
}

bool poller::watch(int fd, unsigned events, pollable* who) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  return ::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

bool poller::add(int socket, pollable& who) {
  return watch(socket, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &who);
}

void poller::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_up_.get(), &one, sizeof one) > 0);
}

void poller::remove(int socket, const pollable& who) noexcept {
  ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, socket, nullptr);
  forget(who);
}

void poller::forget(const pollable& who) noexcept {
  for (auto i = at_; i < count_; ++i)
    if (events_[i].data.ptr == &who)
      events_[i].data.ptr = nullptr;
}

void poller::wait(std::chrono::milliseconds limit) noexcept {
  constexpr std::chrono::milliseconds most{std::numeric_limits<int>::max()};
  auto found = ::epoll_wait(fd_.get(), events_.data(), static_cast<int>(batch),
                            static_cast<int>(std::min(limit, most).count()));
  count_ = found > 0 ? static_cast<std::size_t>(found) : 0;
  at_ = 0;
}

// Returns whether there was somebody to tell.
bool poller::tell_next() {
  auto [flags, data] = events_[at_++];
  auto hung_up = (flags & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  auto* who = static_cast<pollable*>(data.ptr);
  readiness what{hung_up || (flags & EPOLLIN) != 0,
                 hung_up || (flags & EPOLLOUT) != 0, hung_up};
  if (who)
    guarded("socket", [=] { who->on_ready(what); });
  return who != nullptr;
}

} // namespace wsrelay
