// Gathering.
#include "net/loop/output_queue.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace wsrelay {

namespace {

// Pieces of one call. More would not make a call cheaper by much.
constexpr std::size_t max_gathered = 64;

bool is_message(const output_piece& piece) noexcept {
  return piece.op && !is_control(*piece.op);
}

// Cuts the list off behind `size` bytes; returns how many parts are left.
std::size_t cut(std::span<iovec> parts, std::size_t size) noexcept {
  std::size_t count = 0;
  for (; count < parts.size() && size > 0; ++count) {
    parts[count].iov_len = std::min(parts[count].iov_len, size);
    size -= parts[count].iov_len;
  }
  return count;
}

// The same bytes as text and as binary need two headers.
void frame(output_piece& piece) {
  if (!piece.op) {
    piece.bytes = piece.data.view();
    return;
  }
  auto framed = piece.data.framed(*piece.op);
  if (!framed) {
    piece.data = shared_buffer{piece.data.view()};
    framed = piece.data.framed(*piece.op);
  }
  piece.bytes = *framed;
}

} // namespace

void output_queue::push(output_piece piece) {
  frame(piece);
  if (pieces_.capacity() == 0)
    pieces_ = spare_->take();
  bytes_ += piece.bytes.size();
  pushed_ += is_message(piece);
  pieces_.push_back(std::move(piece));
}

output_queue::outcome output_queue::send_to(int socket, bool is_last) {
  auto left = max_sent;
  while (!empty() && left > 0) {
    std::array<iovec, max_gathered> parts;
    auto count = cut({parts.data(), gather(parts)}, left);
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    // One piece is the common case, and send costs less.
    auto flags = MSG_NOSIGNAL | MSG_DONTWAIT | (is_last ? MSG_MORE : 0);
    auto done = count == 1
                    ? ::send(socket, parts[0].iov_base, parts[0].iov_len, flags)
                    : ::sendmsg(socket, &message, flags);
    if (done >= 0) {
      taken(static_cast<std::size_t>(done));
      left -= static_cast<std::size_t>(done);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return outcome::blocked;
    } else if (errno != EINTR) {
      clear();
      return outcome::failed;
    }
  }
  return empty() ? outcome::sent : outcome::paused;
}

std::size_t output_queue::gather(std::span<iovec> parts) const noexcept {
  auto count = std::min(size(), parts.size());
  for (std::size_t i = 0; i < count; ++i) {
    auto bytes = pieces_[first_ + i].bytes;
    if (i == 0)
      bytes.remove_prefix(sent_);
    parts[i] = {const_cast<char*>(bytes.data()), bytes.size()};
  }
  return count;
}

void output_queue::taken(std::size_t count) noexcept {
  bytes_ -= count;
  bytes_taken_ += count;
  count += sent_;
  for (; first_ < pieces_.size(); ++first_) {
    auto& piece = pieces_[first_];
    auto size = piece.bytes.size();
    if (count < size)
      break;
    count -= size;
    taken_ += is_message(piece);
    if (piece.notify)
      notice_ = taken_;
    piece.data = {};
    ++gone_;
  }
  sent_ = count;
  if (first_ == pieces_.size()) {
    clear();
  } else if (first_ > pieces_.size() / 2) { // each piece is moved once at most
    pieces_.erase(pieces_.begin(),
                  pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void output_queue::notify_last() noexcept {
  for (auto i = pieces_.size(); i > first_; --i)
    if (is_message(pieces_[i - 1])) {
      pieces_[i - 1].notify = true;
      return;
    }
}

std::uint64_t output_queue::take_notice() noexcept {
  return std::exchange(notice_, 0);
}

void output_queue::clear() noexcept {
  gone_ += size();
  first_ = sent_ = bytes_ = 0;
  taken_ = pushed_;
  spare_->give(std::exchange(pieces_, {}));
}

} // namespace wsrelay
