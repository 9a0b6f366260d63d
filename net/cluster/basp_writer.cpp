// Gathering and sending.
#include "net/cluster/basp_writer.hpp"

#include "net/cluster/basp_input.hpp"
#include "net/loop/large_memory.hpp"

#include <utility>

namespace wsrelay {

basp_writer::basp_writer(loop& home, std::shared_ptr<node_socket> socket,
                         std::size_t limit, basp_writer_events& events)
    : home_{home},
      socket_{std::move(socket)},
      limit_{limit},
      events_{&events},
      taken_at_{home.now()} {}

basp_writer::~basp_writer() {
  close();
}

basp_writer::buffer& basp_writer::gathered() {
  take_from_link();
  return output_.gathered();
}

void basp_writer::set_link(std::shared_ptr<node_link> link) {
  take_from_link();
  flush_later();
  if (link_)
    link_->leave(*this);
  link_ = std::move(link);
  if (link_)
    link_->listen(*this);
}

void basp_writer::on_link_ready() {
  if (!std::exchange(flushing_, true))
    home_.flush_later(*this);
}

void basp_writer::take_from_link() {
  if (!link_)
    return;
  for (auto& each : link_->take()) {
    output_.add(std::move(each.bytes), each.source, each.is_long);
    output_.sort(directory_);
    link_->give_back(std::move(each.bytes));
  }
  note_load();
}

void basp_writer::sort(std::uint64_t directory) {
  directory_ = directory;
  output_.sort(directory);
  note_load();
}

void basp_writer::set_load(std::shared_ptr<node_load> load) {
  load_ = std::move(load);
  load_->set_limit(limit_);
  note_load();
}

void basp_writer::note_load() {
  if (load_)
    load_->set_waiting(waiting());
}

bool basp_writer::flush_later() {
  if (!events_ || output_.empty() || std::exchange(flushing_, true))
    return false;
  home_.flush_later(*this);
  return true;
}

// What is in no hurry waits for room, and so what comes behind it.
void basp_writer::flush() {
  flushing_ = false;
  take_from_link();
  if (!events_ || output_.empty())
    return;
  if (waiting() > limit_)
    return events_->on_overflow();
  if (std::exchange(writing_, true))
    return;
  last_write_ = home_.now();
  if (output_.has_parts())
    socket_->await_room([me = shared_from_this()](error_code ec) {
      ec ? me->on_written(ec, 0) : me->send();
    });
  else
    send();
}

void basp_writer::send() {
  if (!events_)
    return;
  writing_ = true;
  output_.take(leaving_);
  socket_->write(boost::asio::buffer(leaving_),
                 [me = shared_from_this()](error_code ec, std::size_t count) {
                   me->on_written(ec, count);
                 });
}

void basp_writer::on_written(error_code ec, std::size_t count) {
  writing_ = false;
  leaving_.clear();
  give_back_excess(leaving_);
  if (!events_)
    return;
  note_load();
  if (ec)
    return events_->on_write_failed(ec);
  events_->on_written(count);
  if (!output_.empty())
    flush();
}

void basp_writer::clear() {
  output_.clear();
  note_load();
}

void basp_writer::close() {
  if (!std::exchange(events_, nullptr))
    return;
  set_link(nullptr);
  home_.forget(*this);
  clear();
  if (load_)
    load_->set_waiting(0);
}

time_point::duration basp_writer::stalled() {
  auto now = home_.now();
  auto unread = socket_->unacknowledged();
  auto taken = std::exchange(taken_, socket_->sent() - unread);
  auto is_idle = !writing_ && unread == 0;
  if (std::exchange(was_idle_, is_idle) || is_idle || taken != taken_)
    taken_at_ = now;
  return now - taken_at_;
}

} // namespace wsrelay
