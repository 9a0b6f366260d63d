// The yardstick of what is possible: an echo server on one thread that does
// nothing but epoll, recv, send, and check frames. Edge-triggered, one read and
// one send per turn and connection. It knows no fragments, no UTF-8, and no
// client that does not read.
#include "net/loop/unique_fd.hpp"
#include "net/ws/handshake.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace {

using wsrelay::unique_fd;

constexpr std::size_t max_message = 16 << 20;

// -- frames -------------------------------------------------------------------

struct frame {
  std::uint8_t opcode;
  std::size_t head; // bytes, with the mask
  std::size_t payload;

  std::size_t size() const { return head + payload; }
};

enum class found { frame, part, offence };

std::uint64_t big_endian(const char* from, int count) {
  std::uint64_t result = 0;
  for (int i = 0; i < count; ++i)
    result = result << 8 | static_cast<std::uint8_t>(from[i]);
  return result;
}

// A whole, masked frame at the front (RFC 6455 section 5.2).
found parse(std::string_view bytes, frame& into) {
  if (bytes.size() < 2)
    return found::part;
  auto first = static_cast<std::uint8_t>(bytes[0]);
  auto second = static_cast<std::uint8_t>(bytes[1]);
  auto opcode = static_cast<std::uint8_t>(first & 0x0f);
  auto known = opcode == 1 || opcode == 2 || (opcode >= 8 && opcode <= 10);
  if ((first & 0xf0) != 0x80 || (second & 0x80) == 0 || !known)
    return found::offence;
  auto length = second & 0x7f;
  auto extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  into = {opcode, static_cast<std::size_t>(2 + extra + 4), 0};
  if (bytes.size() < into.head)
    return found::part;
  auto size = extra == 0 ? static_cast<std::uint64_t>(length)
                         : big_endian(bytes.data() + 2, extra);
  if (size > max_message || (opcode >= 8 && size > 125))
    return found::offence;
  into.payload = static_cast<std::size_t>(size);
  return bytes.size() < into.size() ? found::part : found::frame;
}

void append_head(std::string& to, std::uint8_t opcode, std::size_t size) {
  to += static_cast<char>(0x80 | opcode);
  auto extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
  to += static_cast<char>(extra == 0 ? size : extra == 2 ? 126 : 127);
  for (int i = extra - 1; i >= 0; --i)
    to += static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i));
}

void append_unmasked(std::string& to, const char* mask, std::string_view from) {
  auto at = to.size();
  to.append(from);
  std::uint32_t half;
  std::memcpy(&half, mask, sizeof half);
  auto key = static_cast<std::uint64_t>(half) << 32 | half;
  std::size_t i = 0;
  for (std::uint64_t word; i + sizeof word <= from.size(); i += sizeof word) {
    std::memcpy(&word, &to[at + i], sizeof word);
    word ^= key;
    std::memcpy(&to[at + i], &word, sizeof word);
  }
  for (; i < from.size(); ++i)
    to[at + i] = static_cast<char>(to[at + i] ^ mask[i % 4]);
}

// -- connections --------------------------------------------------------------

struct connection {
  unique_fd socket;
  bool open = false;   // the 101 has been sent
  std::string pending; // a part of a frame, or of a request
};

// Appends answers. Returns how many bytes were used; -1 at the end.
long answer_frames(std::string_view bytes, std::string& out) {
  std::size_t used = 0;
  frame next;
  for (;;) {
    auto rest = bytes.substr(used);
    auto what = parse(rest, next);
    if (what == found::offence)
      return -1;
    if (what == found::part)
      return static_cast<long>(used);
    used += next.size();
    if (next.opcode == 10)
      continue;
    append_head(out, next.opcode == 9 ? 10 : next.opcode, next.payload);
    append_unmasked(out, rest.data() + next.head - 4,
                    rest.substr(next.head, next.payload));
    if (next.opcode == 8)
      return -1;
  }
}

long answer_request(std::string_view bytes, std::string& out) {
  constexpr std::string_view field = "Sec-WebSocket-Key: ";
  auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos)
    return 0;
  auto at = bytes.find(field);
  if (at == bytes.npos)
    return -1;
  auto key = bytes.substr(at + field.size());
  key = key.substr(0, key.find('\r'));
  out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
         "Connection: Upgrade\r\nSec-WebSocket-Accept: "
         + wsrelay::accept_key(key) + "\r\n\r\n";
  return static_cast<long>(end + 4);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(count > 0 ? count : 0));
  }
  return true;
}

class server {
public:
  explicit server(std::uint16_t port)
      : listening_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)},
        poll_{::epoll_create1(0)},
        input_(256 * 1024, '\0') {
    int on = 1;
    ::setsockopt(listening_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    works_ = ::bind(listening_.get(), address, size) == 0
             && ::listen(listening_.get(), SOMAXCONN) == 0
             && ::getsockname(listening_.get(), address, &size) == 0;
    port_ = ntohs(at.sin_port);
    watch(listening_.get(), nullptr);
  }

  bool works() const { return works_; }
  unsigned port() const { return port_; }

  void run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      auto count = ::epoll_wait(poll_.get(), events.data(), 256, -1);
      for (int i = 0; i < count; ++i)
        if (auto* who = static_cast<connection*>(events[i].data.ptr))
          serve(who);
        else
          accept();
    }
  }

private:
  void watch(int fd, connection* who) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    event.data.ptr = who;
    ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  void accept() {
    for (;;) {
      unique_fd made{
          ::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK)};
      if (!made)
        return;
      auto* who = new connection{std::move(made)};
      watch(who->socket.get(), who);
    }
  }

  void serve(connection* who) {
    if (!read(*who))
      delete who;
  }

  // Returns whether the connection goes on.
  bool read(connection& who) {
    for (;;) {
      auto held = who.pending.copy(input_.data(), who.pending.size());
      if (input_.size() - held < 64 * 1024)
        input_.resize(2 * input_.size());
      auto room = input_.size() - held;
      auto count = ::recv(who.socket.get(), input_.data() + held, room, 0);
      if (count <= 0)
        return count < 0 && errno == EAGAIN;
      auto size = static_cast<std::size_t>(count);
      if (!answer(who, {input_.data(), held + size}))
        return false;
      if (size < room)
        return true; // the poller tells of more
    }
  }

  bool answer(connection& who, std::string_view bytes) {
    out_.clear();
    auto used =
        who.open ? answer_frames(bytes, out_) : answer_request(bytes, out_);
    if (!who.open && used > 0)
      who.open = true;
    auto sent = send_all(who.socket.get(), out_);
    if (used < 0 || !sent)
      return false;
    who.pending.assign(bytes.substr(static_cast<std::size_t>(used)));
    return true;
  }

  unique_fd listening_;
  unique_fd poll_;
  std::string input_; // shared by all: what is left goes to its connection
  std::string out_;
  unsigned port_ = 0;
  bool works_ = false;
};

} // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  auto text = std::string_view{argc == 2 ? argv[1] : "?"};
  if (std::from_chars(text.data(), text.data() + text.size(), port).ec
      != std::errc{}) {
    std::fputs("usage: epoll_echo PORT (0 = the kernel chooses)\n", stderr);
    return 2;
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  server echo{port};
  if (!echo.works()) {
    std::perror("epoll_echo");
    return 1;
  }
  std::printf("listening on 127.0.0.1:%u\n", echo.port());
  std::fflush(stdout);
  echo.run();
}
