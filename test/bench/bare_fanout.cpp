// What a broadcast costs at the least: an epoll loop that frames a client's
// message once and sends it to every client, one system call each. No actor, no
// back-pressure, no closing handshake; it only serves well-behaved load.
#include "net/ws/handshake.hpp"
#include "protocol/message_reader.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using wsrelay::message_reader;
using wsrelay::opcode;

struct client {
  std::string request; // until it is whole
  bool open = false;
  message_reader reader{1 << 20};
};

class server {
public:
  explicit server(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 4096) != 0
        || ::getsockname(listener_, plain, &size) != 0) {
      std::perror("bare_fanout");
      std::exit(1);
    }
    watch(listener_);
    std::printf("listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      auto count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i)
        events[i].data.fd == listener_ ? accept() : read(events[i].data.fd);
    }
  }

private:
  void watch(int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  void accept() {
    auto socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (socket < 0)
      return;
    int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    clients_[socket] = std::make_unique<client>();
    watch(socket);
  }

  void read(int socket) {
    auto count = ::recv(socket, space_.data(), space_.size(), 0);
    if (count <= 0) {
      clients_.erase(socket);
      ::close(socket);
      return;
    }
    std::string_view bytes{space_.data(), static_cast<std::size_t>(count)};
    auto& from = *clients_[socket];
    from.open ? take(socket, from, bytes) : upgrade(socket, from, bytes);
  }

  void upgrade(int socket, client& from, std::string_view bytes) {
    from.request += bytes;
    if (!from.request.ends_with("\r\n\r\n"))
      return;
    constexpr std::string_view field = "Sec-WebSocket-Key: ";
    auto at = from.request.find(field) + field.size();
    send(socket, wsrelay::make_switching_protocols(
                     std::string_view{from.request}.substr(at, 24), {}));
    from.open = true;
  }

  void take(int socket, client& from, std::string_view bytes) {
    while (!bytes.empty()) {
      auto event = from.reader.next(bytes);
      if (event == message_reader::event::message)
        send_to_all(from.reader.take());
      else if (event == message_reader::event::close) {
        send(socket, *from.reader.take().framed(opcode::close));
        ::shutdown(socket, SHUT_WR);
      }
    }
  }

  void send_to_all(const wsrelay::shared_buffer& message) {
    auto frame = *message.framed(opcode::binary);
    for (auto& [socket, to] : clients_)
      if (to->open)
        send(socket, frame);
  }

  static void send(int socket, std::string_view bytes) {
    static_cast<void>(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }

  int epoll_ = ::epoll_create1(0);
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  std::map<int, std::unique_ptr<client>> clients_;
  std::array<char, 65536> space_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: bare_fanout PORT (0 = the kernel chooses)\n", stderr);
    return 2;
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  server{static_cast<std::uint16_t>(std::atoi(argv[1]))}.run();
}
