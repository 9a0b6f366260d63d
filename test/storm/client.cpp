// The socket of a client: connecting, reading, checking what comes.
#include "test/storm/client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace wsrelay::storm {

namespace {

using namespace std::chrono_literals;

// Longest time from a clean close to the end of the socket: everything that can
// hold it up (a transfer, a full window, a busy machine) is shorter.
constexpr auto close_patience = 40'000ms;

constexpr auto upgrade_patience = 5'000ms;

// Returns whether it has the address from now on. The port is chosen when it
// connects, or few would be left.
bool bind_to(int fd, std::uint32_t address) {
  int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(address);
  return ::bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) == 0;
}

std::uint64_t next_serial() {
  static std::uint64_t last = 0;
  return ++last;
}

} // namespace

short client::events(steady::time_point now) const {
  short result = 0;
  if (now >= paused_until_)
    result |= POLLIN;
  if (!out_.empty())
    result |= POLLOUT;
  return result;
}

void client::on_tick(steady::time_point now) {
  if (fd_ < 0) {
    if (!calm_ && now >= next_connect_)
      connect(now);
  } else if (now >= deadline_) {
    if (must_answer_)
      setting_.seen.violation(
          fmt::format("client {}: its close was not answered", serial_));
    reset_connection();
  }
}

void client::connect(steady::time_point now) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (int small = 4096; random() % 4 == 0)
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  serial_ = next_serial();
  choose_route();
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(setting_.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to);
  ++setting_.counts.connects;
  sent_ = 0;
  skip_responses_ = 0;
  skip_body_ = 0;
  decoder_ = {};
  phase_ = phase::upgrading;
  deadline_ = now + upgrade_patience;
  paused_until_ = silent_until_ = {};
  out_ = request();
  if (random() % 4 == 0) // does not wait for the answer
    send_message(random() % 200);
}

// Only where there is a choice. One in three comes from an address with limits.
void client::choose_route() {
  where_ = &setting_.routes[0];
  if (setting_.low_limits) {
    where_ = &setting_.routes[random() % setting_.routes.size()];
    auto choice = random() % (std::size(healthy_addresses) + 1);
    healthy_ = choice < std::size(healthy_addresses)
               && bind_to(fd_, healthy_addresses[choice]);
    setting_.seen.opened(serial_, *where_);
  }
  replies_ = replies{*where_};
}

std::string client::request() {
  std::string result;
  if (random() % 8 == 0) { // a request before, on the same socket
    ++skip_responses_;
    result = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  auto path = std::string{where_->prefix};
  path += random() % 4 == 0
              ? std::string{"/ask"}
              : fmt::format("/to/t{}", random() % setting_.targets);
  auto version = random() % 50 == 0 ? 12 : 13;
  return result
         + fmt::format("GET {} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Sec-WebSocket-Version: {}\r\n\r\n",
                       path, version);
}

void client::drop() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
  phase_ = phase::idle;
  must_answer_ = false;
  out_.clear();
  head_.clear();
  message_.clear();
  control_.clear();
  deadline_ = steady::time_point::max();
  next_connect_ = steady::now() + std::chrono::milliseconds{random() % 100};
}

// An RST instead of a FIN.
void client::reset_connection() {
  linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  drop();
}

void client::on_ready(short events) {
  if (events & POLLOUT)
    flush();
  if (fd_ >= 0 && (events & (POLLIN | POLLERR | POLLHUP)))
    read();
}

void client::flush() {
  auto count =
      ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count > 0)
    out_.erase(0, static_cast<std::size_t>(count));
  else if (errno != EAGAIN && errno != ENOTCONN)
    drop();
}

void client::read() {
  std::array<char, 32 * 1024> space;
  auto count = ::recv(fd_, space.data(), space.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == ENOTCONN))
    return;
  if (count <= 0)
    return drop();
  on_bytes({space.data(), static_cast<std::size_t>(count)});
}

void client::on_bytes(std::string_view bytes) {
  while (phase_ == phase::upgrading && !bytes.empty())
    if (!on_response(bytes))
      return;
  while (auto part = decoder_.next(bytes)) {
    on_frame(*part);
    if (fd_ < 0)
      return;
  }
  if (decoder_.failed()) {
    setting_.seen.violation(
        fmt::format("client {}: the relay broke RFC 6455", serial_));
    drop();
  }
}

// Returns whether the socket goes on.
bool client::on_response(std::string_view& bytes) {
  auto body = std::min(skip_body_, bytes.size());
  skip_body_ -= body;
  bytes.remove_prefix(body);
  while (!bytes.empty() && !head_.ends_with("\r\n\r\n")) {
    head_ += bytes.front();
    bytes.remove_prefix(1);
  }
  if (!head_.ends_with("\r\n\r\n"))
    return true;
  auto head = std::exchange(head_, {});
  if (skip_responses_ > 0) {
    --skip_responses_;
    auto at = head.find("Content-Length: ");
    skip_body_ = at == std::string::npos ? 0 : number_at(head.substr(at + 16));
    return true;
  }
  if (head.find(" 101 ") == std::string::npos) {
    ++setting_.counts.refusals;
    if (auto at = head.find(' '); setting_.low_limits)
      on_refusal(number_at(std::string_view{head}.substr(at + 1)));
    drop();
    return false;
  }
  ++setting_.counts.upgrades;
  phase_ = phase::open;
  deadline_ = steady::time_point::max();
  return true;
}

void client::on_frame(const bench::frame_part& part) {
  auto control = is_control(part.op);
  (control ? control_ : message_).append(part.data);
  if (!part.last)
    return;
  if (!control)
    return part.fin ? on_message() : void();
  auto data = std::exchange(control_, {});
  if (part.op == opcode::ping && out_.size() < 100'000)
    put(opcode::pong, data);
  if (part.op != opcode::close)
    return;
  ++setting_.counts.closes;
  expect_nothing(replies_.on_close(
      std::string_view{data}.substr(data.size() < 2 ? 0 : 2)));
  if (phase_ == phase::open)
    put(opcode::close, data);
  phase_ = phase::ending;
  end_within(close_patience);
}

void client::on_message() {
  ++setting_.counts.received;
  expect_nothing(replies_.on_text(std::exchange(message_, {})));
}

// Where limits are low each refusal is one of these.
void client::on_refusal(std::uint64_t status) {
  setting_.seen.refused(serial_);
  constexpr std::array<std::uint64_t, 8> known{400, 404, 408, 426,
                                               429, 500, 503, 504};
  if (std::ranges::find(known, status) == known.end())
    expect_nothing(fmt::format("refused with {}", status));
  if (healthy_ && status == 429)
    expect_nothing("refused with 429, its address has no limits");
}

void client::expect_nothing(const std::string& wrong) {
  if (!wrong.empty())
    setting_.seen.violation(
        fmt::format("client {} on {}: {}", serial_, where_->prefix, wrong));
}

void client::end_within(milliseconds time) {
  deadline_ = std::min(deadline_, steady::now() + time);
}

} // namespace wsrelay::storm
