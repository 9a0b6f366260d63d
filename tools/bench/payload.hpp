// What the messages carry, and whether an echo carries the same: a pattern of
// which every byte follows from the message's id and the byte's position.
#pragma once

#include "tools/bench/options.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace wsrelay::bench {

/// The payloads of one run: all of one size.
class payload {
public:
  /// `text`: letters a-p only, else all byte values. `differ`: every id has a
  /// payload of its own (id, then pseudo-random), else all are the same.
  payload(std::size_t size, bool text, bool differ);

  /// Has these bytes, which are compressed, in every message: what a server
  /// makes of them may have any size.
  explicit payload(std::string deflated)
      : text_{false},
        differ_{false},
        deflated_{true},
        constant_{std::move(deflated)} {}

  /// Returns whether an echo may have this size.
  bool may_have(std::uint64_t size) const noexcept {
    return deflated_ || size == constant_.size();
  }

  std::size_t size() const noexcept { return constant_.size(); }

  /// Writes the payload of message `id` to `out`, XORed with `key` as
  /// `mask_copy` does.
  void put_masked(char* out, std::uint64_t id,
                  std::uint32_t key) const noexcept;

  /// Returns whether `data` is what the payload of message `id` holds from
  /// byte `offset` on. Bytes past the payload's end do not match.
  bool matches(std::uint64_t id, std::uint64_t offset,
               std::string_view data) const noexcept;

private:
  std::uint64_t word(std::uint64_t id, std::uint64_t index) const noexcept;

  bool text_;
  bool differ_;
  bool deflated_ = false;
  std::string constant_;
};

/// Returns JSON of this size: an array of small objects, as applications send
/// them; a few bytes more where nothing else is JSON.
std::string make_json(std::size_t size);

/// Returns the payloads that `opts` ask for.
payload make_payload(const options& opts);

} // namespace wsrelay::bench
