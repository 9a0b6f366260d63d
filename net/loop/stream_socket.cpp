// Reads and writes.
#include "net/loop/stream_socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace wsrelay {

stream_socket::stream_socket(loop& home, int descriptor, std::string read_ahead,
                             socket_ticket ticket, stream_events& events)
    : home_{home},
      events_{events},
      descriptor_{descriptor},
      ticket_{std::move(ticket)},
      output_{home.spare()},
      held_{std::move(read_ahead)} {
  ++home_.socket_count;
  home_.add(*this);
  // The kernel has no memory left: nobody would ever say that it is ready.
  if (!home_.sockets().add(descriptor_, *this))
    broken_ = readable_ = true;
}

stream_socket::~stream_socket() {
  if (is_open())
    close();
  home_.forget(*this);
}

// -- input --------------------------------------------------------------------

void stream_socket::want_input(bool wanted) {
  auto before = std::exchange(wanted_, wanted);
  if (wanted && !before && is_open() && (readable_ || !held_.empty()))
    put_off();
}

void stream_socket::put_off() {
  if (!std::exchange(put_off_, true))
    home_.go_on_later(*this);
}

void stream_socket::on_ready(readiness what) {
  if (what.writable && std::exchange(blocked_, false))
    mark_dirty();
  if (!what.readable)
    return;
  readable_ = true;
  hung_up_ = hung_up_ || what.hung_up;
  if (wanted_ && held_.empty() && !put_off_) // else it goes on in this turn
    read();
}

void stream_socket::go_on() {
  put_off_ = false;
  if (!is_open())
    return events_.on_released();
  if (wanted_ && !held_.empty())
    feed(std::exchange(held_, {}));
  if (wanted_ && readable_ && held_.empty() && is_open())
    read();
}

// One read: whoever has more to read lets the others go first.
void stream_socket::read() {
  auto* space = home_.scratch();
  auto count = ::recv(descriptor_, space, loop::scratch_size, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    readable_ = false;
    if (broken_ && wanted_)
      events_.on_end();
    return;
  }
  if (count <= 0 && !(count < 0 && errno == EINTR)) {
    readable_ = false;
    return events_.on_end();
  }
  // What comes after a read that left nothing is told again; an end is not.
  readable_ = count < 0 || hung_up_ || broken_
              || static_cast<std::size_t>(count) == loop::scratch_size;
  if (readable_)
    put_off();
  if (count > 0)
    feed({space, static_cast<std::size_t>(count)});
}

void stream_socket::feed(std::string_view bytes) {
  auto used = events_.on_input(bytes);
  if (is_open() && used < bytes.size())
    held_.assign(bytes.substr(used));
  if (is_open() && wanted_ && !held_.empty())
    put_off();
}

// -- output -------------------------------------------------------------------

void stream_socket::send(output_piece piece) {
  if (!is_open() || broken_)
    return;
  output_.push(std::move(piece));
  mark_dirty();
}

void stream_socket::mark_dirty() {
  if (!blocked_ && is_open() && !std::exchange(dirty_, true))
    home_.flush_later(*this);
}

void stream_socket::flush() {
  dirty_ = false;
  if (!is_open())
    return;
  auto outcome = output_.send_to(descriptor_);
  blocked_ = outcome == output_queue::outcome::blocked;
  // A broken socket has an end to read, maybe behind a close frame.
  if (outcome == output_queue::outcome::failed)
    broken_ = readable_ = hung_up_ = true;
  if (ending_ && output_.empty() && std::exchange(ending_, false))
    ::shutdown(descriptor_, SHUT_WR);
  events_.on_sent();
}

void stream_socket::end_output() {
  ending_ = true;
  mark_dirty();
}

void stream_socket::close() {
  if (!is_open())
    return;
  home_.sockets().forget(*this);
  ::close(std::exchange(descriptor_, -1));
  unlink();
  --home_.socket_count;
  ticket_.give_back();
  output_.clear();
  held_ = {};
  put_off();
}

} // namespace wsrelay
