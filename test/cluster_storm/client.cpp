// The socket of a client and what comes on it.
#include "test/cluster_storm/client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <utility>

namespace wsrelay::cluster_storm {

client::client(std::uint16_t port, std::uint64_t serial, std::string target,
               std::string_view route, bool redelivers) {
  seen_.serial = serial;
  seen_.redelivers = redelivers;
  seen_.first_target = std::move(target);
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to);
  auto path = seen_.first_target;
  std::replace(path.begin(), path.end(), '@', '/');
  out_ = fmt::format("GET /{}/to/{}/{} HTTP/1.1\r\nHost: x\r\n"
                     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n",
                     route, path, serial);
}

client::~client() {
  end();
}

void client::end() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

short client::events() const noexcept {
  return static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT);
}

void client::on_ready(short events) {
  if (events & POLLOUT) {
    auto count =
        ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0)
      out_.erase(0, static_cast<std::size_t>(count));
  }
  if (events & (POLLIN | POLLERR | POLLHUP))
    read();
}

void client::read() {
  std::array<char, 32 * 1024> space;
  auto count = ::recv(fd_, space.data(), space.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == ENOTCONN))
    return;
  if (count > 0)
    return on_bytes({space.data(), static_cast<std::size_t>(count)});
  if (seen_.upgraded && !ended_) {
    seen_.close_code = 1006;
    seen_.closed_at = steady::now();
  }
  end();
}

void client::on_bytes(std::string_view bytes) {
  while (!seen_.upgraded && !bytes.empty()) {
    head_ += bytes.front();
    bytes.remove_prefix(1);
    if (!head_.ends_with("\r\n\r\n"))
      continue;
    if (head_.find(" 101 ") == std::string::npos)
      return end();
    seen_.upgraded = true;
  }
  while (auto part = decoder_.next(bytes))
    on_frame(*part);
  if (decoder_.failed())
    seen_.violations.push_back("the relay broke RFC 6455");
}

void client::on_frame(const bench::frame_part& part) {
  message_.append(part.data);
  if (!part.last)
    return;
  auto data = std::exchange(message_, {});
  if (part.op == opcode::ping)
    put(opcode::pong, data);
  else if (part.op == opcode::close)
    on_close(data);
  else if (part.op == opcode::text)
    on_text(data);
}

void client::on_close(std::string_view data) {
  ended_ = true;
  seen_.closed_at = steady::now();
  seen_.close_code = 1005;
  if (data.size() >= 2)
    seen_.close_code =
        static_cast<std::uint16_t>(static_cast<unsigned char>(data[0]) << 8
                                   | static_cast<unsigned char>(data[1]));
  if (!seen_.closes)
    put(opcode::close, data);
}

// "T LABEL/TARGET EPOCH NUMBER PID"
void client::on_text(std::string_view text) {
  if (text.starts_with('{'))
    return on_event(text);
  std::istringstream words{std::string{text}};
  std::string kind;
  std::string target;
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  words >> kind >> target >> epoch >> number >> seen_.pid;
  auto key = fmt::format("{} {}", target, epoch);
  if (auto& last = seen_.received[key]; number != ++last) {
    seen_.violations.push_back(
        fmt::format("got number {} of {} instead of {}", number, key, last));
    last = number;
  }
  seen_.last_owner = target.substr(0, target.find('/'));
}

// {"topic":"relay.parked",...} and relay.resumed take turns.
void client::on_event(std::string_view text) {
  auto goes = text.find(R"("relay.resumed")") != text.npos;
  if (goes != seen_.is_parked()
      || (!goes && text.find(R"("relay.parked")") == text.npos))
    seen_.violations.push_back(fmt::format("got {} behind {} times parked, {} "
                                           "times resumed",
                                           text, seen_.parked, seen_.resumed));
  ++(goes ? seen_.resumed : seen_.parked);
  if (!goes)
    seen_.parked_at = steady::now();
}

void client::send_number(std::string_view more) {
  if (open() && !seen_.closes)
    put(opcode::text, fmt::format("{} {}", ++seen_.sent, more));
}

void client::send_close() {
  if (!open() || std::exchange(seen_.closes, true))
    return;
  put(opcode::close, "\x03\xe8");
}

void client::put(opcode op, std::string_view data) {
  char header[max_masked_header];
  auto key = keys_.next();
  auto size = bench::put_header(header, op, data.size(), key);
  out_.append(header, size);
  auto at = out_.size();
  out_.resize(at + data.size());
  if (!data.empty())
    bench::mask_copy(&out_[at], data, key);
}

} // namespace wsrelay::cluster_storm
