// A WebSocket's output on its way to the kernel: whole frames that share the
// memory of their payloads, gathered and sent with one call.
#pragma once

#include "actors/frame_port.hpp"
#include "net/loop/output_piece.hpp"
#include "net/loop/spare_pieces.hpp"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wsrelay {

/// Pieces in order. Counts messages, which are the pieces with opcode text or
/// binary, from 1. Its bound is the connection's output limit.
class output_queue {
public:
  explicit output_queue(spare_pieces& spare) noexcept : spare_{&spare} {}
  ~output_queue() { clear(); }

  output_queue(const output_queue&) = delete;
  output_queue& operator=(const output_queue&) = delete;

  void push(output_piece piece);

  bool empty() const noexcept { return pieces_.empty(); }

  /// Pieces and bytes, headers included, that the kernel has not taken.
  std::size_t size() const noexcept { return pieces_.size() - first_; }
  std::size_t bytes() const noexcept { return bytes_; }

  /// Returns the memory that what is queued takes.
  std::size_t cost() const noexcept {
    return bytes() + size() * queued_message_cost;
  }

  /// Messages among them.
  std::size_t messages() const noexcept {
    return static_cast<std::size_t>(pushed_ - taken_);
  }

  /// Messages that were ever pushed.
  std::uint64_t pushed() const noexcept { return pushed_; }

  /// Pieces of any kind that were ever pushed, and that are gone.
  std::uint64_t all_pushed() const noexcept { return gone_ + size(); }
  std::uint64_t all_gone() const noexcept { return gone_; }

  /// Bytes that the kernel has ever taken.
  std::uint64_t bytes_taken() const noexcept { return bytes_taken_; }

  enum class outcome {
    sent,
    blocked, // the kernel takes no more
    paused,  // it would, and others shall have their turn
    failed,  // the socket is broken, and everything is forgotten
  };

  /// Bytes that one call of `send_to` gives to the kernel at most.
  static constexpr std::size_t max_sent = 256 * 1024;

  /// Gives the kernel as much as it takes. With `is_last` it keeps the last
  /// bytes for the FIN that follows: one packet less, of a few.
  outcome send_to(int socket, bool is_last = false);

  /// Puts the first pieces of what waits into `parts`, in order, and returns
  /// their number. They are valid until `taken`.
  std::size_t gather(std::span<iovec> parts) const noexcept;

  /// The first `count` bytes of what waits are gone.
  void taken(std::size_t count) noexcept;

  /// Sets `notify` of the last message that waits.
  void notify_last() noexcept;

  /// Returns the number of the last message with `notify` that was taken since
  /// the last call, or 0.
  std::uint64_t take_notice() noexcept;

  /// Forgets everything.
  void clear() noexcept;

private:
  spare_pieces* spare_;
  std::vector<output_piece> pieces_;
  std::size_t first_ = 0; // everything before is taken
  std::size_t sent_ = 0;  // bytes of the first piece that are taken
  std::size_t bytes_ = 0;
  std::uint64_t bytes_taken_ = 0;
  std::uint64_t pushed_ = 0;
  std::uint64_t taken_ = 0; // messages
  std::uint64_t notice_ = 0;
  std::uint64_t gone_ = 0; // pieces
};

} // namespace wsrelay
