// What leaves on one connection to another node: all that was written in a turn
// with one call, long messages in parts, as fast as the other side takes it.
#pragma once

#include "net/cluster/basp_parts.hpp"
#include "net/cluster/node_link.hpp"
#include "net/cluster/node_load.hpp"
#include "net/cluster/socket.hpp"
#include "net/loop/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace wsrelay {

/// What a writer tells its connection.
class basp_writer_events {
public:
  /// So many bytes have left.
  virtual void on_written(std::size_t count) = 0;
  virtual void on_write_failed(boost::system::error_code why) = 0;

  /// More waits than may.
  virtual void on_overflow() = 0;

protected:
  ~basp_writer_events() = default;
};

/// Outlives its connection while the kernel is asked to take something. Loop
/// thread only.
class basp_writer final : public std::enable_shared_from_this<basp_writer>,
                          private link_listener,
                          private loop_task {
public:
  using buffer = basp_output::buffer;

  /// At most `limit` bytes may wait.
  basp_writer(loop& home, std::shared_ptr<node_socket> socket,
              std::size_t limit, basp_writer_events& events);
  ~basp_writer();

  /// Returns where the broker writes whole messages: behind what actors have
  /// sent before.
  buffer& gathered();

  /// What waits on `link` leaves with the rest from now on; null: on none, and
  /// what waits is taken once more.
  void set_link(std::shared_ptr<node_link> link);

  /// The broker has written messages; see `basp_output::sort`.
  void sort(std::uint64_t directory);

  void use_parts() noexcept { output_.use_parts(); }

  /// Says to `load` from now on how much waits.
  void set_load(std::shared_ptr<node_load> load);

  /// Sends at the end of the turn. Returns whether that is news.
  bool flush_later();

  /// Sends what waits, at once.
  void send();

  /// Forgets what waits and was not begun.
  void clear();

  /// Nothing is sent any more, and nobody is told.
  void close();

  /// Returns whether something is being sent, or waits until it may be.
  bool is_busy() const noexcept { return writing_; }

  /// Returns whether nothing waits.
  bool is_empty() const noexcept { return !writing_ && output_.empty(); }

  /// Returns how many bytes wait, with what they cost.
  std::size_t waiting() const noexcept {
    return output_.cost() + leaving_.size();
  }

  /// Returns how many bytes of payload wait behind those that are being sent.
  std::size_t queued() const noexcept { return output_.size(); }

  /// Returns when something was sent last.
  time_point last_write() const noexcept { return last_write_; }

  /// Returns how long nothing was taken of what the other side is to take, from
  /// the first look on; 0 when there is nothing.
  time_point::duration stalled();

private:
  using error_code = node_socket::error_code;

  void on_link_ready() override;
  void take_from_link();
  void flush() override;
  void go_on() override {}
  void on_written(error_code ec, std::size_t count);
  void note_load();

  loop& home_;
  const std::shared_ptr<node_socket> socket_;
  const std::size_t limit_;
  basp_writer_events* events_; // null once closed
  std::shared_ptr<node_load> load_;
  std::shared_ptr<node_link> link_;
  basp_output output_;
  std::uint64_t directory_ = 0; // of this node, for sorting
  buffer leaving_;              // what is being sent
  time_point last_write_;
  std::uint64_t taken_ = 0; // bytes, when it was last looked at
  time_point taken_at_;     // since then no more
  bool was_idle_ = true;    // then
  bool writing_ = false;    // or waiting to
  bool flushing_ = false;   // the loop will call
};

} // namespace wsrelay
