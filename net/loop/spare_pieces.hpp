// The memory of output queues that are done with it.
#pragma once

#include "net/loop/output_piece.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace wsrelay {

/// Shared by all queues of a loop: a queue owns no memory while it is empty,
/// and yet allocates nothing in steady traffic. What a broken one held is freed
/// later, little by little: clients that end together, each with all that may
/// wait for it, would hold up everybody else. Loop thread only.
class spare_pieces {
public:
  using pieces = std::vector<output_piece>;

  /// So many queues' memory is kept, each of at most so many pieces.
  static constexpr std::size_t max_kept = 256;
  static constexpr std::size_t max_pieces = 256;

  /// Returns an empty list, with memory if there is some.
  pieces take() noexcept;

  /// Takes a list over, with all that it holds.
  void give(pieces&& what) noexcept;

  /// Returns how many lists with memory are kept.
  std::size_t size() const noexcept { return kept_.size(); }
  bool empty() const noexcept { return kept_.empty(); }
  const pieces& back() const { return kept_.back(); }

  /// Whether pieces wait for `free_some`.
  bool has_spent() const noexcept { return !spent_.empty(); }

  /// Frees pieces until then, but a few in any case.
  void free_some(std::chrono::steady_clock::time_point until) noexcept;

private:
  std::vector<pieces> kept_;
  std::vector<pieces> spent_; // each long, the last one is freed first
};

} // namespace wsrelay
