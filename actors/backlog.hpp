// Messages that wait for a client behind what its socket has been given: here
// they can still be overtaken, replaced and dropped.
#pragma once

#include "actors/messages.hpp"

#include <caf/error.hpp>
#include <caf/response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace wsrelay {

/// Two queues: messages with priority go first. Knows no limits.
class backlog {
public:
  struct item {
    ws_send message;
    std::unique_ptr<caf::response_promise> who{}; // waits for it; null = nobody
    std::uint64_t hole = 0; // messages that were dropped just before it
  };

  /// Returns whether there is nothing to send, a hole at the end included.
  bool empty() const noexcept {
    return urgent_.empty() && normal_.empty() && end_hole_ == 0;
  }

  /// Messages, bytes of them, and the memory that they take.
  std::size_t size() const noexcept { return urgent_.size() + normal_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t cost() const noexcept { return normal_cost_ + urgent_cost_; }

  /// Returns the memory of those without priority, or of all.
  std::size_t cost(bool also_urgent) const noexcept {
    return normal_cost_ + (also_urgent ? urgent_cost_ : 0);
  }

  /// Returns the memory of the one with a key; 0 when there is none.
  std::size_t cost_of_key(std::string_view key) const;

  void push(item what);

  /// Puts a message in the place of the one with its key, or, where it alone
  /// has priority, at the end of those; and returns what waited there. Nothing
  /// when there is none. @pre the key is not empty
  std::optional<item> replace(item& what);

  /// Takes the next one to send. Nothing when only a hole is left.
  std::optional<item> pop();

  /// Takes the oldest, or the newest, one out, for good: of those without
  /// priority, and of the others only where `also_urgent` says so. Nothing when
  /// there is none.
  std::optional<item> drop_oldest(bool also_urgent);
  std::optional<item> drop_newest();

  /// A message was dropped that would have been the last one.
  void drop_last() noexcept {
    ++end_hole_;
    ++dropped_;
  }

  /// Returns how many were dropped at the end, and forgets it.
  std::uint64_t take_end_hole() noexcept { return std::exchange(end_hole_, 0); }

  /// Returns how many were dropped in all.
  std::uint64_t dropped() const noexcept { return dropped_; }

  /// Of the owner that was told of it: its epoch, and 1; 0 = none.
  std::uint64_t told_epoch = 0;

private:
  using items = std::list<item>;

  items& queue_of(bool urgent) noexcept { return urgent ? urgent_ : normal_; }
  void count(const item& what, bool comes) noexcept;
  item take(items& from, items::iterator which);
  void widen_hole(items& in, items::iterator behind, std::uint64_t count);

  items urgent_;
  items normal_;
  std::unordered_map<std::string_view, items::iterator> keys_; // into items
  std::size_t bytes_ = 0;
  std::size_t normal_cost_ = 0;
  std::size_t urgent_cost_ = 0;
  std::uint64_t end_hole_ = 0;
  std::uint64_t dropped_ = 0;
};

} // namespace wsrelay
