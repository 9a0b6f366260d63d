// Sends that end by a time limit of the kernel's.
#include "net/notify_socket.hpp"

#include "net/loop/unique_fd.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace wsrelay {

namespace {

constexpr std::size_t max_waiting = 64;
constexpr std::chrono::seconds farewell{1};
constexpr timeval patience{0, 100'000}; // a send, before it looks for the end

// "@NAME" is a socket without a file.
socklen_t write_address(sockaddr_un& address, std::string_view name) {
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path);
  if (name.front() == '@')
    address.sun_path[0] = '\0';
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
}

// False: the manager's queue is full. Other errors are not for us to mend.
bool is_sent(const std::string& name, std::string_view state) {
  sockaddr_un address{};
  auto size = write_address(address, name);
  unique_fd to{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ::setsockopt(to.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return ::sendto(to.get(), state.data(), state.size(), MSG_NOSIGNAL,
                  reinterpret_cast<sockaddr*>(&address), size)
             >= 0
         || (errno != EAGAIN && errno != EINTR);
}

} // namespace

notify_socket::notify_socket() {
  auto* name = std::getenv("NOTIFY_SOCKET");
  if (!name || !*name || std::strlen(name) >= sizeof sockaddr_un::sun_path)
    return;
  manager_ = name;
  thread_ = std::thread{[this] { run(); }};
}

notify_socket::~notify_socket() {
  {
    std::unique_lock guard{mutex_};
    end_ = clock::now() + farewell;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void notify_socket::send(std::string state) {
  if (manager_.empty())
    return;
  {
    std::unique_lock guard{mutex_};
    if (waiting_.empty() || waiting_.back() != state) // WATCHDOG, in a row
      waiting_.push_back(std::move(state));
    if (waiting_.size() > max_waiting)
      waiting_.pop_front();
  }
  changed_.notify_all();
}

void notify_socket::run() {
  while (auto state = next())
    while (!is_sent(manager_, *state))
      if (is_over())
        return;
}

std::optional<std::string> notify_socket::next() {
  std::unique_lock guard{mutex_};
  changed_.wait(guard, [this] { return end_ || !waiting_.empty(); });
  if (waiting_.empty())
    return std::nullopt;
  auto state = std::move(waiting_.front());
  waiting_.pop_front();
  return state;
}

bool notify_socket::is_over() {
  std::unique_lock guard{mutex_};
  return end_ && clock::now() >= *end_;
}

} // namespace wsrelay
