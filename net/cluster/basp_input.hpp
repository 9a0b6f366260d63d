// Bytes of another node that have come and are not consumed.
#pragma once

#include <boost/asio/buffer.hpp>

#include <caf/io/receive_policy.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace wsrelay {

/// Bytes of memory that a buffer keeps for the next message.
inline constexpr std::size_t max_kept_buffer = 1024 * 1024;

/// Frees a buffer that a very long message has made larger.
inline void give_back_excess(std::vector<char>& buffer) {
  if (buffer.capacity() > max_kept_buffer)
    std::vector<char>{}.swap(buffer);
}

/// Returns how much of what is there a broker wants now; 0: more has to come.
inline std::size_t wanted(const caf::io::receive_policy::config& policy,
                          std::size_t there) {
  using caf::io::receive_policy_flag;
  auto [how, size] = policy;
  if (how == receive_policy_flag::at_most)
    return std::min(there, size);
  if (there < size)
    return 0;
  return how == receive_policy_flag::exactly ? size : there;
}

/// The input of a stream. It grows with what has come, not with what a header
/// promises.
class basp_input {
public:
  using buffer = std::vector<char>;

  std::size_t size() const noexcept { return end_ - begin_; }

  /// Returns the first bytes; no more than there are.
  std::string_view front(std::size_t count) const noexcept {
    return {bytes_.data() + begin_, std::min(count, size())};
  }

  /// Returns room for a read.
  boost::asio::mutable_buffer room() {
    if (begin_ == end_) {
      begin_ = end_ = 0;
      if (bytes_.size() > max_kept_buffer)
        bytes_ = buffer(initial); // after one that was very long
    }
    if (bytes_.size() - end_ < min_room)
      make_room();
    else if (std::exchange(was_full_, false) && bytes_.size() < enough)
      bytes_.resize(2 * bytes_.size());
    return {bytes_.data() + end_, bytes_.size() - end_};
  }

  /// A read has filled `count` bytes of the room.
  void add(std::size_t count) noexcept {
    end_ += count;
    was_full_ = end_ == bytes_.size(); // there was more to read
  }

  /// What was at the front stays where it is until there is `room`.
  void skip(std::size_t count) noexcept { begin_ += count; }

  /// Moves the first `count` bytes, which are there, to `into`.
  void take(std::size_t count, buffer& into) {
    auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(begin_);
    into.assign(first, first + static_cast<std::ptrdiff_t>(count));
    begin_ += count;
  }

private:
  static constexpr std::size_t initial = 64 * 1024;
  static constexpr std::size_t min_room = 16 * 1024;

  // With this much a read costs no less.
  static constexpr std::size_t enough = 128 * 1024;

  void make_room() {
    std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
              bytes_.begin() + static_cast<std::ptrdiff_t>(end_),
              bytes_.begin());
    end_ -= std::exchange(begin_, 0);
    if (bytes_.size() - end_ < min_room)
      bytes_.resize(2 * bytes_.size());
  }

  buffer bytes_ = buffer(initial);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool was_full_ = false;
};

} // namespace wsrelay
