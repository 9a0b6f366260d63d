// Reads and writes.
#include "net/loop/stream_socket.hpp"

#include "net/loop/guard.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wsrelay {

namespace {

// Bytes: what can be made of more of them takes too long for others to wait.
constexpr std::size_t small_read = 16 * 1024;

} // namespace

stream_socket::stream_socket(loop& home, unique_fd socket, socket_place place,
                             SSL_CTX* tls)
    : home_{home},
      socket_{std::move(socket)},
      place_{std::move(place)},
      output_{home.spare()},
      tls_{tls ? std::make_unique<tls_records>(tls) : nullptr} {
  home_.add(*this);
  // The kernel has no memory left: nobody would ever say that it is ready.
  if (!home_.sockets().add(socket_.get(), *this))
    broken_ = readable_ = true;
}

stream_socket::~stream_socket() {
  if (is_open())
    close();
  home_.forget(*this);
}

// What a session throws (no memory is left, say) ends its socket and nobody
// else's.
template <class Function>
void stream_socket::tell(Function&& what) {
  guarded("session", what, [this] { abort(); });
}

void stream_socket::abort() {
  guarded("session", [this] {
    if (is_open() && events_)
      events_->on_abort();
  });
  close();
}

// -- input --------------------------------------------------------------------

void stream_socket::want_input(bool wanted) {
  auto before = std::exchange(wanted_, wanted);
  if (!is_open())
    return;
  if (wanted && !before && (readable_ || held_))
    put_off();
  if (!wanted && hung_up_ && !hang_up_told_)
    put_off();
}

void stream_socket::put_off() {
  if (std::exchange(put_off_, true))
    return;
  if (gives_way_)
    home_.go_on_last(*this);
  else
    home_.go_on_later(*this);
}

void stream_socket::on_ready(readiness what) {
  if (what.writable && std::exchange(blocked_, false))
    mark_dirty();
  if (!what.readable)
    return;
  readable_ = true;
  hung_up_ = hung_up_ || what.hung_up;
  if (put_off_)
    return; // it goes on when those before it have
  if (gives_way_)
    return put_off();
  tell([this] {
    if (wanted_ && !held_)
      read();
    else if (!wanted_)
      tell_hang_up();
  });
}

void stream_socket::go_on() {
  put_off_ = false;
  if (!is_open()) {
    if (events_)
      events_->on_released();
    return;
  }
  tell([this] {
    if (wanted_ && held_)
      events_->before_input();
    if (wanted_ && held_)
      feed_held();
    if (wanted_ && readable_ && !held_ && is_open())
      read();
    else if (!wanted_)
      tell_hang_up();
  });
}

void stream_socket::tell_hang_up() {
  if (is_open() && hung_up_ && events_ && !std::exchange(hang_up_told_, true))
    events_->on_hang_up();
}

// One read: whoever has more to read lets the others go first.
void stream_socket::read() {
  events_->before_input();
  if (!wanted_ || !is_open())
    return;
  if (tls_ && tls_->is_over()) {
    readable_ = hung_up_ = hang_up_told_ = true;
    return events_->on_end();
  }
  auto* space = home_.scratch();
  auto size = gives_way_ ? small_read : loop::scratch_size;
  auto count = ::recv(socket_.get(), space, size, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    readable_ = false;
    if (broken_ && wanted_)
      events_->on_end();
    return;
  }
  if (count <= 0 && !(count < 0 && errno == EINTR)) {
    if (count < 0)
      break_off(); // nothing that is sent arrives
    // A session that goes on for a while is told again when it wants input.
    readable_ = hung_up_ = hang_up_told_ = true;
    return events_->on_end();
  }
  // What comes after a read that left nothing is told again; an end is not.
  readable_ = count < 0 || hung_up_ || broken_
              || static_cast<std::size_t>(count) == size;
  if (readable_)
    put_off();
  if (count <= 0)
    return;
  home_.count_traffic(static_cast<std::size_t>(count));
  std::string_view bytes{space, static_cast<std::size_t>(count)};
  if (!tls_)
    feed(bytes);
  else if (hung_up_ && tls_->is_first_hello(bytes))
    events_->on_end(); // an answer would be dear, and nobody is there
  else
    open_records(bytes);
}

// What comes behind the end of TLS is as good as nothing: the end is told again
// when input is wanted.
void stream_socket::open_records(std::string_view bytes) {
  auto before = tls_->now();
  auto text = tls_->open(bytes);
  auto after = tls_->now();
  if (tls_->has_output() || !output_.empty()) {
    blocked_ = blocked_ && tls_->has_output(); // or it was what has come now
    mark_dirty();
  }
  if (after != before && before == tls_records::state::proving)
    on_proved(after);
  if (is_open() && !text.empty())
    feed(text);
  if (!is_open() || !tls_ || !tls_->is_over())
    return;
  if (after == tls_records::state::failed) {
    send_output(false); // the alert that says why
    break_off();
  }
  readable_ = true;
  put_off();
}

// The session may hand the stream over to another one.
void stream_socket::on_proved(tls_records::state what) {
  if (what == tls_records::state::failed)
    return events_->on_insecure(tls_->reason());
  if (what != tls_records::state::plain_text)
    return events_->on_secured();
  tls_ = nullptr;
  events_->on_plain_text();
}

output_queue::outcome stream_socket::send_output(bool is_last) {
  return tls_ ? tls_->send(output_, socket_.get(), is_last)
              : output_.send_to(socket_.get(), is_last);
}

void stream_socket::feed(std::string_view bytes) {
  auto used = events_->on_input(bytes);
  if (is_open() && used < bytes.size())
    held_ = std::make_unique<held_input>(
        held_input{std::string{bytes.substr(used)}});
  if (is_open() && wanted_ && held_)
    put_off();
}

// The session may close the stream, and want no more in the middle of it.
void stream_socket::feed_held() {
  auto held = std::move(held_);
  held->used +=
      events_->on_input(std::string_view{held->bytes}.substr(held->used));
  if (!is_open() || held->used == held->bytes.size())
    return;
  held_ = std::move(held);
  if (wanted_)
    put_off();
}

bool stream_socket::has_input() const noexcept {
  int unread = 0;
  return held_
         || (is_open() && ::ioctl(socket_.get(), FIONREAD, &unread) == 0
             && unread > 0);
}

std::string stream_socket::peek_input() const {
  auto held = held_ ? std::string_view{held_->bytes}.substr(held_->used)
                    : std::string_view{};
  std::string result{held};
  if (tls_)
    return result;
  result.resize(loop::scratch_size);
  auto count = ::recv(socket_.get(), result.data() + held.size(),
                      result.size() - held.size(), MSG_PEEK | MSG_DONTWAIT);
  result.resize(held.size()
                + static_cast<std::size_t>(std::max(count, ssize_t{0})));
  return result;
}

// -- output -------------------------------------------------------------------

void stream_socket::send(output_piece piece) {
  if (!is_open() || broken_)
    return;
  output_.push(std::move(piece));
  mark_dirty();
}

void stream_socket::send_now() {
  if (is_open() && !broken_ && !blocked_
      && send_output(false) == output_queue::outcome::failed)
    break_off();
}

void stream_socket::mark_dirty() {
  if (!blocked_ && is_open() && !std::exchange(dirty_, true))
    home_.flush_later(*this);
}

void stream_socket::flush() {
  dirty_ = false;
  if (!is_open())
    return;
  auto taken = output_.bytes_taken();
  auto outcome = send_output(ending_);
  home_.count_traffic(output_.bytes_taken() - taken);
  blocked_ = outcome == output_queue::outcome::blocked;
  if (outcome == output_queue::outcome::paused)
    mark_dirty();
  // A broken socket has an end to read, maybe behind a close frame. For what
  // is wrong with the kernel alone, no memory say, no readiness comes.
  if (outcome == output_queue::outcome::failed) {
    break_off();
    readable_ = hung_up_ = true;
    if (wanted_)
      put_off();
  }
  note_queued();
  auto has_farewell = tls_ && tls_->has_output();
  if (ending_ && output_.empty() && !has_farewell
      && std::exchange(ending_, false))
    ::shutdown(socket_.get(), SHUT_WR);
  tell([this] { events_->on_sent(); });
}

void stream_socket::note_queued() {
  if (auto bytes = output_.bytes(); bytes != queued_)
    home_.count_queued(std::exchange(queued_, bytes), bytes);
}

void stream_socket::break_off() {
  broken_ = true;
  output_.clear();
  if (tls_)
    tls_->forget_text();
}

std::size_t stream_socket::unacknowledged() const noexcept {
  int count = 0;
  auto known = is_open() && ::ioctl(socket_.get(), SIOCOUTQ, &count) == 0;
  return known ? static_cast<std::size_t>(count) : 0;
}

void stream_socket::end_output() {
  ending_ = true;
  mark_dirty();
}

void stream_socket::close() {
  if (!is_open())
    return;
  if (tls_ && !broken_ && output_.empty())
    tls_->say_farewell(socket_.get());
  home_.sockets().forget(*this);
  socket_.reset();
  unlink();
  place_.give_back();
  output_.clear();
  note_queued();
  held_ = nullptr;
  put_off();
}

void stream_socket::cut_off() {
  linger reset{1, 0};
  if (unacknowledged() > 0)
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close();
}

} // namespace wsrelay
