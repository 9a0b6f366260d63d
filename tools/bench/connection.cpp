#include "tools/bench/connection.hpp"

#include "tools/bench/process_stats.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace wsrelay::bench {

namespace {

constexpr std::size_t max_response = 16 * 1024;
constexpr std::uint16_t no_status = 1005;

std::string describe(const char* what, int error) {
  return fmt::format("{}: {}", what, std::strerror(error));
}

// Returns "404 Not Found" of "HTTP/1.1 404 Not Found", or "".
std::string status_of(std::string_view response) {
  auto line = response.substr(0, response.find("\r\n"));
  return line.starts_with("HTTP/1.") ? std::string{line.substr(9, 60)} : "";
}

} // namespace

connection::~connection() {
  if (fd_ >= 0)
    ::close(fd_);
}

// Edge-triggered, for input and output at once: one epoll_ctl per connection.
void connection::start() {
  started_ = env_->now;
  enter(phase::connecting);
  decoder_ = {};
  close_received_ = false;
  message_size_ = 0;
  held_.clear();
  drop_pending();
  fd_ = socket(env_->address.ss_family,
               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    return end(ending::kind::not_open, describe("socket", errno));
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&env_->address);
  if (connect(fd_, address, env_->address_size) != 0 && errno != EINPROGRESS)
    return end(ending::kind::not_open, describe("connect", errno));
  transport_.start(fd_, env_->tls.get(), env_->host);
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {this}};
  if (epoll_ctl(env_->epoll, EPOLL_CTL_ADD, fd_, &event) != 0)
    end(ending::kind::not_open, describe("epoll_ctl", errno));
}

void connection::on_ready(std::uint32_t events) {
  if (phase_ == phase::connecting)
    on_connected();
  if (phase_ == phase::securing)
    secure();
  if (phase_ == phase::ended || phase_ == phase::securing)
    return;
  if (events & EPOLLOUT)
    flush();
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    read();
  if (phase_ == phase::open)
    env_->sink->on_turn(*this);
}

void connection::on_connected() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0)
    return end(ending::kind::not_open, describe("connect", error));
  enter(phase::securing);
}

void connection::secure() {
  auto outcome = transport_.shake_hands();
  if (outcome < 0)
    return end(ending::kind::not_open, "TLS: " + transport::failure());
  if (outcome == 0)
    return;
  enter(phase::upgrading);
  send(env_->request);
}

// A read that fills the buffer may have left something behind, which the edge
// would not tell again.
void connection::read() {
  auto& input = env_->input;
  for (;;) {
    auto count = transport_.receive(input.data(), input.size());
    if (count <= 0)
      return on_no_input(count < 0 ? errno : 0);
    env_->now = now_ns();
    auto size = static_cast<std::size_t>(count);
    on_input({input.data(), size});
    bool drained =
        size < input.size() && !close_received_ && !transport_.has_tls();
    if (phase_ == phase::ended || drained)
      return;
  }
}

void connection::on_no_input(int error) {
  if (error == EAGAIN || error == EINTR)
    return;
  if (phase_ == phase::upgrading)
    return end(ending::kind::not_open,
               error ? describe("handshake", error)
                     : "connection closed during the handshake");
  if (close_received_)
    return end(ending::kind::clean, {});
  end(ending::kind::lost, error ? describe("connection lost", error)
                                : "connection lost: no close frame");
}

void connection::on_input(std::string_view input) {
  if (phase_ == phase::upgrading)
    on_response(input);
  else
    on_frames(input);
}

void connection::on_response(std::string_view input) {
  auto before = held_.size();
  held_ += input;
  auto stop = held_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (stop == std::string::npos) {
    if (held_.size() > max_response)
      end(ending::kind::not_open, "response longer than 16 KiB");
    return;
  }
  auto status = status_of(held_);
  if (!status.starts_with("101"))
    return end(ending::kind::not_open, status.empty()
                                           ? "response is not HTTP"
                                           : "HTTP status " + status);
  held_ = {};
  enter(phase::open);
  env_->owner->on_opened(*this);
  on_frames(input.substr(stop + 4 - before));
}

void connection::on_frames(std::string_view input) {
  while (auto part = decoder_.next(input)) {
    if (is_control(part->op)) {
      on_control(*part);
      if (phase_ == phase::ended)
        return;
      continue;
    }
    env_->sink->on_data(*this, message_size_, part->data);
    message_size_ += part->data.size();
    if (part->last && part->fin)
      env_->sink->on_message(*this, std::exchange(message_size_, 0));
  }
  if (decoder_.failed())
    end(ending::kind::lost, "server broke the protocol");
}

void connection::on_control(const frame_part& part) {
  held_ += part.data;
  if (!part.last)
    return;
  if (part.op == opcode::ping)
    send_control(opcode::pong, held_);
  else if (part.op == opcode::close)
    return on_close_frame();
  held_.clear();
}

// After an answer to our close the server ends the TCP connection (RFC 6455
// section 7.1.1); a close unasked is answered and ends here.
void connection::on_close_frame() {
  if (phase_ == phase::closing) {
    close_received_ = true;
    return;
  }
  auto code = no_status;
  if (held_.size() >= 2)
    code = static_cast<std::uint16_t>(static_cast<std::uint8_t>(held_[0]) << 8
                                      | static_cast<std::uint8_t>(held_[1]));
  send_control(opcode::close, std::string_view{held_}.substr(0, 2));
  end(ending::kind::closed, fmt::format("closed by server: {}", code), code);
}

void connection::send_control(opcode op, std::string_view payload) {
  char frame[max_masked_header + 125];
  auto key = env_->keys.next();
  auto size = put_header(frame, op, payload.size(), key);
  mask_copy(frame + size, payload, key);
  send({frame, size + payload.size()});
}

// An error is left to the read that follows: epoll reports it.
void connection::send(std::string_view frames) {
  if (pending_.empty()) {
    auto count = transport_.send(frames);
    if (count > 0)
      frames.remove_prefix(static_cast<std::size_t>(count));
  }
  pending_ += frames;
}

void connection::flush() {
  if (pending_.empty())
    return;
  auto left = std::string_view{pending_}.substr(pending_sent_);
  auto count = transport_.send(left);
  if (count > 0)
    pending_sent_ += static_cast<std::size_t>(count);
  if (pending_sent_ == pending_.size())
    drop_pending();
}

void connection::drop_pending() noexcept {
  pending_.clear();
  pending_sent_ = 0;
}

void connection::close() {
  if (phase_ < phase::open && phase_ != phase::ended)
    return end(ending::kind::clean, {});
  if (phase_ != phase::open)
    return;
  enter(phase::closing);
  send_control(opcode::close, "\x03\xe8");
}

void connection::expire(std::uint64_t longest) {
  bool waits = phase_ != phase::open && phase_ != phase::ended;
  if (!waits || env_->now - since_ < longest)
    return;
  if (phase_ == phase::closing)
    end(ending::kind::lost, "close handshake timed out");
  else
    end(ending::kind::not_open, "opening handshake timed out");
}

void connection::abort(std::string text) {
  if (phase_ != phase::ended)
    end(ending::kind::lost, std::move(text));
}

void connection::enter(phase next) noexcept {
  phase_ = next;
  since_ = env_->now;
}

void connection::end(enum ending::kind kind, std::string text,
                     std::uint16_t code) {
  enter(phase::ended);
  transport_.reset();
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
  drop_pending();
  env_->owner->on_ended(*this, {kind, std::move(text), code});
}

} // namespace wsrelay::bench
