// How gathered output reaches the kernel.
#include "net/gathered_socket.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace wsrelay {

gathered_socket::gathered_socket(loop& home, socket_type socket,
                                 std::shared_ptr<void> ticket)
    : home_{home}, socket_{std::move(socket)}, ticket_{std::move(ticket)} {
  home_.sockets().push_back(this);
  ++home_.socket_count;
}

gathered_socket::~gathered_socket() {
  if (dirty_)
    home_.forget(*this);
  std::erase(home_.sockets(), this);
  --home_.socket_count;
}

void gathered_socket::mark_dirty() {
  if (dirty_ || waiting_)
    return;
  dirty_ = true;
  home_.flush_later(*this);
}

void gathered_socket::flush() {
  dirty_ = false;
  flush_now();
}

void gathered_socket::flush_now() {
  if (waiting_ || error_)
    return;
  auto before = flushed_;
  send_pending();
  after_flush(before);
}

void gathered_socket::send_pending() {
  while (pending() > 0) {
    auto count = ::send(socket_.native_handle(), output_.data() + sent_,
                        pending(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent_ += static_cast<std::size_t>(count);
      flushed_ += static_cast<std::uint64_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return wait_until_writable();
    } else if (errno != EINTR) {
      return fail({errno, boost::system::system_category()});
    }
  }
}

// Everything is left in a state in which the callbacks may do what they like.
void gathered_socket::after_flush(std::uint64_t flushed_before) {
  auto keep = shared_from_this();
  if (pending() == 0) {
    sent_ = 0;
    if (output_.capacity() > 4096)
      std::string{}.swap(output_);
    else
      output_.clear();
  }
  if (pending() < high_water || error_)
    write_handler_.maybe_invoke();
  if (flushed_ != flushed_before && listener_)
    listener_->on_flushed(flushed_);
  if (pending() == 0)
    drain_handler_.maybe_invoke();
}

void gathered_socket::wait_until_writable() {
  waiting_ = true;
  output_.erase(0, sent_);
  sent_ = 0;
  socket_.async_wait(socket_type::wait_write,
                     [me = shared_from_this()](error_code ec) {
                       me->waiting_ = false;
                       if (!ec)
                         return me->flush_now();
                       me->fail(ec);
                       me->after_flush(me->flushed_);
                     });
}

void gathered_socket::fail(error_code ec) {
  error_ = ec;
  output_.clear();
  sent_ = 0;
}

void gathered_socket::close() {
  error_code ignored;
  socket_.close(ignored);
  ticket_.reset();
  if (!error_)
    fail(boost::asio::error::operation_aborted);
  if (!waiting_) // else the wait ends now, with an error
    boost::asio::post(socket_.get_executor(), [me = shared_from_this()] {
      me->after_flush(me->flushed_);
    });
}

} // namespace wsrelay
