// Attempts, made again when the kernel is ready.
#include "net/loop/async_stream.hpp"

#include "net/loop/guard.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wsrelay {

namespace {

namespace error = boost::asio::error;
using error_code = boost::system::error_code;

// Bytes of TLS in one attempt: others on the loop want their turn.
constexpr std::size_t max_portion = 256 * 1024;

// Bytes (RFC 8446 section 5.1).
constexpr std::size_t max_record = 16 * 1024;

// Bytes of records that are read at a time at least. What holds no data, new
// keys say, would hold the loop for as long as it comes, and takes a
// microsecond each.
constexpr std::size_t min_portion = 512;

error_code system_error(int number) {
  return {number, boost::system::system_category()};
}

bool would_block(int number) {
  return number == EAGAIN || number == EWOULDBLOCK;
}

// What is left of `from` behind `count` bytes.
async_stream::output rest_of(const async_stream::output& from,
                             std::size_t count) {
  auto head = from[0] + count;
  return {head, from[1] + (count - (from[0].size() - head.size()))};
}

iovec to_iovec(const boost::asio::const_buffer& from) {
  return {const_cast<void*>(from.data()), from.size()};
}

bool is_empty(const async_stream::output& what) {
  return what[0].size() + what[1].size() == 0;
}

// An end that TLS did not tell may be anybody's.
error_code reason_of(const io_outcome& what, const error_code& port) {
  if (!what.is_blocked() || !port)
    return what.ec;
  return port == error::eof ? boost::asio::ssl::error::stream_truncated : port;
}

template <class Operation, class... Values>
void complete(Operation& operation, Values... values) {
  auto over = std::exchange(operation, {});
  guarded("completion", [&] { over.done(values...); });
}

} // namespace

async_stream::async_stream(loop& home, unique_fd socket)
    : home_{home}, socket_{std::move(socket)} {}

async_stream::~async_stream() {
  if (!watched_ && !put_off_)
    return; // maybe another thread
  home_.sockets().forget(*this);
  home_.forget(*this);
}

void async_stream::use_tls(SSL_CTX* context) {
  tls_.emplace(context, static_cast<record_port&>(*this));
}

// A socket that is not connected would be told that it has hung up.
void async_stream::watch() {
  if (std::exchange(watched_, true))
    return;
  home_.add_until_end(*this);
  if (!home_.sockets().add(descriptor(), *this))
    end_ = broken_ = system_error(errno);
}

void async_stream::put_off() {
  if (!std::exchange(put_off_, true))
    home_.go_on_later(*this);
}

void async_stream::go_on() {
  put_off_ = false;
  advance();
}

void async_stream::on_ready(readiness what) {
  readable_ = readable_ || what.readable;
  hung_up_ = hung_up_ || what.hung_up;
  writable_ = writable_ || what.writable;
  if (!put_off_)
    advance();
}

void async_stream::advance() {
  auto alive = shared_from_this();
  try_connecting();
  try_proving();
  try_room();
  try_writing();
  try_reading();
  if (!is_open())
    drop_all();
}

// -- beginning ----------------------------------------------------------------

void async_stream::connect(const sockaddr* to, socklen_t size,
                           done_function done) {
  auto begun = ::connect(descriptor(), to, size) == 0;
  auto number = begun || errno == EINPROGRESS ? 0 : errno;
  writable_ = begun;
  connecting_ = {std::move(done), system_error(number)};
  if (number == 0)
    watch();
  if (begun || number != 0 || broken_)
    put_off();
}

void async_stream::try_connecting() {
  if (!connecting_.done || !is_open())
    return;
  auto ec = connecting_.ec ? connecting_.ec : broken_;
  auto connected = !ec && writable_ && is_connected(ec);
  if (connected || ec)
    complete(connecting_, ec);
}

bool async_stream::is_connected(error_code& ec) const noexcept {
  int number = 0;
  socklen_t size = sizeof number;
  ::getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &number, &size);
  ec = system_error(number);
  sockaddr_storage other;
  size = sizeof other;
  return ::getpeername(descriptor(), reinterpret_cast<sockaddr*>(&other), &size)
         == 0;
}

void async_stream::handshake(tls_engine::role mine, done_function done) {
  proving_ = {mine, std::move(done)};
  watch();
  put_off();
}

void async_stream::try_proving() {
  if (!proving_.done || !is_open())
    return;
  may_take_ = max_record;
  auto tried = tls_ ? tls_->handshake(proving_.mine) : io_outcome{1};
  auto ec = reason_of(tried, broken_ ? broken_ : end_);
  if (ec || !tried.is_blocked())
    complete(proving_, ec);
}

// -- reading ------------------------------------------------------------------

void async_stream::read_some(boost::asio::mutable_buffer into,
                             completion done) {
  reading_ = {into, std::move(done)};
  if (is_open())
    watch();
  if (may_read() || !is_open())
    put_off();
}

bool async_stream::may_read() const noexcept {
  return readable_ || hung_up_ || end_ || (tls_ && SSL_has_pending(tls()) != 0);
}

void async_stream::try_reading() {
  if (!reading_.done || !is_open())
    return;
  auto* into = static_cast<char*>(reading_.into.data());
  auto size = reading_.into.size();
  may_take_ = tls_ ? portion_ : size;
  auto tried =
      tls_ ? tls_->read(into, size) : io_outcome{read_records(into, size)};
  auto ec = tls_ ? reason_of(tried, end_) : end_;
  if (tried.count > 0)
    portion_ = max_record;
  else if (may_take_ == 0)
    portion_ = std::max(portion_ / 2, min_portion);
  if (tried.count > 0)
    complete(reading_, error_code{}, tried.count);
  else if (ec)
    complete(reading_, ec, std::size_t{0});
}

// After a read that left nothing the poller tells of more; of an end it does
// not.
std::size_t async_stream::read_records(char* into, std::size_t size) {
  if (end_ || (!readable_ && !hung_up_))
    return 0;
  if (may_take_ == 0) {
    put_off();
    return 0;
  }
  size = std::min(size, may_take_);
  auto count = ::recv(descriptor(), into, size, MSG_DONTWAIT);
  if (count > 0) {
    may_take_ -= static_cast<std::size_t>(count);
    received_ += static_cast<std::size_t>(count);
    home_.count_traffic(static_cast<std::size_t>(count));
    readable_ = static_cast<std::size_t>(count) == size;
    return static_cast<std::size_t>(count);
  }
  if (count == 0) // a write may have been told of the reset
    end_ = broken_ == error::connection_reset ? broken_ : error::eof;
  else if (errno == EINTR)
    put_off();
  else if (would_block(errno))
    readable_ = false;
  else
    end_ = system_error(errno);
  return 0;
}

// -- writing ------------------------------------------------------------------

void async_stream::write(output from, completion done) {
  writing_ = {from, std::move(done)};
  if (is_open()) {
    watch();
    push_out();
  }
  if (is_empty(writing_.from) || writing_.ec || !is_open())
    put_off();
}

void async_stream::try_writing() {
  if (!writing_.done || !is_open())
    return;
  push_out();
  if (is_empty(writing_.from) || writing_.ec)
    complete(writing_, writing_.ec, writing_.count);
}

void async_stream::push_out() {
  for (std::size_t portion = 0; !is_empty(writing_.from) && !writing_.ec;) {
    if (portion >= max_portion)
      return put_off();
    auto tried = send_some(writing_.from);
    if (tried.count == 0) {
      writing_.ec = tried.ec ? tried.ec : broken_;
      return;
    }
    portion += tried.count;
    writing_.count += tried.count;
    writing_.from = rest_of(writing_.from, tried.count);
  }
}

// Both parts in one segment, or in one record.
io_outcome async_stream::send_some(const output& from) {
  if (!tls_)
    return {send_parts(from)};
  std::array<char, max_record> joined;
  auto first = from[0].size() > 0 ? from[0] : from[1];
  if (from[0].size() > 0 && from[1].size() > 0)
    first = boost::asio::buffer(
        joined.data(),
        boost::asio::buffer_copy(boost::asio::buffer(joined), from));
  return tls_->write(static_cast<const char*>(first.data()), first.size());
}

std::size_t async_stream::write_records(const char* from, std::size_t size) {
  return send_parts({boost::asio::buffer(from, size)});
}

std::size_t async_stream::send_parts(const output& from) {
  if (!writable_ || broken_)
    return 0;
  std::array<iovec, 2> parts{to_iovec(from[0]), to_iovec(from[1])};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  auto count = ::sendmsg(descriptor(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && errno == EINTR) {
    put_off();
    return 0;
  }
  if (count < 0 && !would_block(errno))
    broken_ = system_error(errno);
  auto result = static_cast<std::size_t>(count > 0 ? count : 0);
  writable_ = result == from[0].size() + from[1].size();
  sent_ += result;
  home_.count_traffic(result);
  return result;
}

void async_stream::await_room(done_function done) {
  room_ = {std::move(done)};
  put_off();
}

// The kernel is asked, which tells the poller when that changes.
void async_stream::try_room() {
  if (!room_.done || !is_open())
    return;
  pollfd asked{descriptor(), POLLOUT, 0};
  if (::poll(&asked, 1, 0) == 0 && !broken_)
    return;
  writable_ = true;
  complete(room_, broken_);
}

std::uint64_t async_stream::unacknowledged() const noexcept {
  int count = 0;
  auto known = is_open() && ::ioctl(descriptor(), SIOCOUTQ, &count) == 0;
  return known ? static_cast<unsigned>(count) : 0;
}

bool async_stream::has_unread() const noexcept {
  int count = 0;
  return is_open() && ::ioctl(descriptor(), FIONREAD, &count) == 0 && count > 0;
}

// -- end ----------------------------------------------------------------------

void async_stream::end_output() {
  if (is_open())
    ::shutdown(descriptor(), SHUT_WR);
}

void async_stream::close() {
  if (!is_open())
    return;
  if (watched_)
    home_.sockets().forget(*this);
  socket_.reset();
  unlink();
  if (connecting_.done || proving_.done || reading_.done || writing_.done
      || room_.done)
    put_off();
}

void async_stream::drop_all() {
  const error_code ec{error::operation_aborted};
  if (connecting_.done)
    complete(connecting_, ec);
  if (proving_.done)
    complete(proving_, ec);
  if (room_.done)
    complete(room_, ec);
  if (writing_.done)
    complete(writing_, ec, writing_.count);
  if (reading_.done)
    complete(reading_, ec, std::size_t{0});
}

} // namespace wsrelay
