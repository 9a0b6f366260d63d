// How much waits for another node: messages on their way to the broker, and
// bytes on the connection.
#pragma once

#include <caf/node_id.hpp>

#include <atomic>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

namespace wsrelay {

/// High from more than half of a limit on, until no more than a quarter of it
/// waits. Whoever asks before he adds knows at once what others have added.
class node_load {
public:
  /// Bytes that a message counts beside its payload.
  static constexpr std::size_t message_cost = 256;

  explicit node_load(caf::node_id node) : node_{std::move(node)} {}

  const caf::node_id& node() const noexcept { return node_; }

  // Any thread.

  /// Actors of the node that are known here.
  std::atomic<std::size_t> actors{0};

  /// A message with so many bytes goes to the broker.
  void add(std::size_t bytes) noexcept {
    queued_ += message_cost + bytes;
    note_rise();
  }

  /// Returns whether nothing should be added.
  bool is_high() const noexcept { return high_; }
  const std::atomic<bool>& high() const noexcept { return high_; }

  // The broker's thread.

  /// The broker has handled such a message.
  void take(std::size_t bytes) noexcept { queued_ -= message_cost + bytes; }

  /// Messages are taken that have added so many bytes, with what they cost.
  void take_all(std::size_t bytes) noexcept { queued_ -= bytes; }

  /// The node's name in the cluster, "" until it has said hello.
  void set_name(std::string name) { name_ = std::move(name); }
  const std::string& name() const noexcept { return name_; }

  /// So many bytes wait on the connection.
  void set_waiting(std::size_t bytes) noexcept {
    waiting_ = bytes;
    note_rise();
  }

  void set_limit(std::size_t bytes) noexcept { limit_ = bytes; }

  /// Returns how many bytes wait, on their way to the broker or behind it.
  std::size_t waiting() const noexcept { return size(); }

  /// Returns whether it was high and is no more: once.
  bool falls() noexcept {
    if (!high_ || size() > limit_ / 4)
      return false;
    high_ = false;
    note_rise(); // others may have added meanwhile
    return !high_;
  }

private:
  std::size_t size() const noexcept { return queued_ + waiting_; }

  void note_rise() noexcept {
    if (size() > limit_ / 2 && !high_)
      high_ = true;
  }

  const caf::node_id node_;
  std::string name_;
  std::atomic<std::size_t> queued_{0};  // bytes
  std::atomic<std::size_t> waiting_{0}; // bytes
  std::atomic<std::size_t> limit_{std::numeric_limits<std::size_t>::max()};
  std::atomic<bool> high_{false};
};

} // namespace wsrelay
