// epoll(7).
#include "net/loop/poller.hpp"

#include "net/loop/guard.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace wsrelay {

poller::poller() : fd_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (fd_ < 0)
    throw std::system_error{errno, std::system_category(), "epoll_create1"};
}

poller::~poller() {
  ::close(fd_);
}

bool poller::add(int socket, pollable& who) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &who;
  return ::epoll_ctl(fd_, EPOLL_CTL_ADD, socket, &event) == 0;
}

void poller::forget(const pollable& who) noexcept {
  for (auto i = at_; i < count_; ++i)
    if (events_[i].data.ptr == &who)
      events_[i].data.ptr = nullptr;
}

std::size_t poller::poll() {
  auto found = ::epoll_wait(fd_, events_.data(), static_cast<int>(batch), 0);
  count_ = found > 0 ? static_cast<std::size_t>(found) : 0;
  auto result = count_;
  for (at_ = 0; at_ < count_;) {
    auto [flags, data] = events_[at_++];
    auto hung_up = (flags & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    auto* who = static_cast<pollable*>(data.ptr);
    readiness what{hung_up || (flags & EPOLLIN) != 0,
                   hung_up || (flags & EPOLLOUT) != 0, hung_up};
    if (who)
      guarded("socket", [=] { who->on_ready(what); });
  }
  count_ = at_ = 0;
  return result;
}

} // namespace wsrelay
