// Long messages in parts, so that others' short ones get in between: what waits
// for another node, and the parts that came from it. No sockets.
#pragma once

#include "net/cluster/basp_check.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wsrelay {

/// What waits for another node. What one actor sends there keeps its order,
/// whomever it is for: an audience there counts on it. Short messages of others
/// pass a long one that is leaving in parts, but for those of nobody, whose
/// order nobody else knows, and of the directory, which may say goodbye.
class basp_output {
public:
  using buffer = std::vector<char>;

  /// Returns where the broker writes whole messages.
  buffer& gathered() noexcept { return gathered_; }

  /// The broker has written whole messages. In a handshake it says that this
  /// node reads parts. `directory` is the id of this node's, 0 when unknown.
  void sort(std::uint64_t directory = 0);

  /// Adds whole short messages, or a long one of the actor `source`, which is
  /// not copied. Leaves memory that can be used again in `messages`, if any.
  void add(buffer&& messages, std::uint64_t source, bool is_long);

  /// The other node reads parts: from now on long messages leave so.
  void use_parts() noexcept { uses_parts_ = true; }

  /// Returns how many bytes wait.
  std::size_t size() const noexcept { return gathered_.size() + waiting_size_; }
  bool empty() const noexcept { return size() == 0; }

  /// Returns how much memory that takes.
  std::size_t cost() const noexcept {
    return size() + waiting_.size() * waiting_cost;
  }

  /// Returns whether what leaves next is, in part, in no hurry.
  bool has_parts() const noexcept { return !waiting_.empty(); }

  /// Moves what leaves next into `to`, which is empty: all that is short, and
  /// as much in parts, one at least.
  void take(buffer& to);

  void clear();

private:
  // Of one that waits, beside its bytes: its place, its buffer, its actor's
  // entry.
  static constexpr std::size_t waiting_cost = 192;

  struct waiting_message {
    buffer bytes;
    std::size_t begin; // of what is not taken
    std::uint64_t source;
    bool is_long = false; // leaves in parts
  };

  bool must_wait(const basp_header& header, std::uint64_t directory) const;
  void set_apart(std::size_t size, std::uint64_t source);
  void sort_bundle(std::size_t size);
  void wait(buffer bytes, std::size_t begin, std::uint64_t source);
  void take_part(buffer& to);
  void forget(std::uint64_t source);

  buffer gathered_;
  std::size_t sorted_ = 0; // bytes of it
  std::deque<waiting_message> waiting_;
  std::size_t waiting_size_ = 0; // bytes not taken
  // The actors of these, and how many each has.
  std::unordered_map<std::uint64_t, std::size_t> sources_;
  bool uses_parts_ = false;
};

/// A message whose parts are coming.
class basp_assembly {
public:
  using buffer = std::vector<char>;

  /// Adds the next part. Returns why it is refused, or "". The message's header
  /// is judged as any other.
  std::string add(std::string_view part, basp_phase phase);

  /// Returns whether the message has begun and all of it is there.
  bool is_whole() const noexcept;

  /// @pre it has begun
  const basp_header& header() const noexcept { return header_; }

  /// Moves the payload to `into`; another message may begin.
  void take(buffer& into);

private:
  bool begun_ = false;
  basp_header header_{};
  buffer payload_;
};

} // namespace wsrelay
