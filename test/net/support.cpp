// Plain sockets.
#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wsrelay::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return result;
}

} // namespace

plain_socket::plain_socket(int descriptor) : fd_{descriptor} {
  timeval limit{std::chrono::seconds{patience}.count(), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

plain_socket plain_socket::connect_to(std::uint16_t port, int receive_buffer) {
  plain_socket result{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (receive_buffer > 0)
    ::setsockopt(result.fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                 sizeof receive_buffer);
  auto to = loopback(port);
  REQUIRE(::connect(result.fd_, reinterpret_cast<sockaddr*>(&to), sizeof to)
          == 0);
  return result;
}

bool plain_socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::string plain_socket::receive(std::size_t at_most) {
  std::string result(at_most, '\0');
  auto count = ::recv(fd_, result.data(), result.size(), 0);
  result.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return result;
}

std::string plain_socket::receive_exactly(std::size_t count) {
  std::string result;
  while (result.size() < count) {
    auto more = receive(count - result.size());
    if (more.empty())
      break;
    result += more;
  }
  return result;
}

std::string plain_socket::receive_until(std::string_view mark) {
  std::string result;
  while (!result.ends_with(mark)) {
    auto more = receive(1);
    if (more.empty())
      break;
    result += more;
  }
  return result;
}

void plain_socket::reset() {
  linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

void plain_socket::close() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

plain_listener::plain_listener()
    : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  auto at = loopback(0);
  socklen_t size = sizeof at;
  auto* address = reinterpret_cast<sockaddr*>(&at);
  REQUIRE(::bind(fd_, address, size) == 0);
  REQUIRE(::listen(fd_, 16) == 0);
  REQUIRE(::getsockname(fd_, address, &size) == 0);
  port_ = ntohs(at.sin_port);
}

plain_listener::~plain_listener() {
  close();
}

plain_socket plain_listener::accept() {
  return plain_socket{::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)};
}

void plain_listener::close() {
  if (fd_ >= 0) {
    ::shutdown(fd_, SHUT_RDWR); // wakes who waits in accept
    ::close(fd_);
  }
  fd_ = -1;
}

} // namespace wsrelay::test
