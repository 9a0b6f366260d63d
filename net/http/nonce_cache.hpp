// Remembers the nonces of signed relay headers until they expire, so that a
// header that was overheard opens no second connection.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string_view>

namespace wsrelay {

/// Returns how many nonces a service remembers for each secret. Every client of
/// a full service may come back four times within the life of a signature, five
/// minutes; small services still take 333 handshakes a second without an end.
constexpr std::size_t nonce_capacity(std::size_t max_connections) {
  return max_connections > 25'000 ? 4 * max_connections : 100'000;
}

/// The nonces of one secret. Only a signature that is valid gets here: nobody
/// fills it, or asks it, who has not the secret. Any thread. Bounded: when it
/// is full of nonces that have not expired, new ones are refused rather than
/// old ones forgotten.
///
/// An entry takes 72 bytes whatever the nonce's size (measured with glibc: 64
/// of the tree's, 8 of the second's). A tree and not a hash table: growing to
/// millions must not hold a loop.
class nonce_cache {
public:
  explicit nonce_cache(std::size_t capacity) : capacity_{capacity} {}

  enum class verdict { fresh, replayed, full };

  /// Records `nonce` until `expires` (seconds since the Unix epoch), which is
  /// `now` or later. Forgets a few that have expired: each costs constant time
  /// when it is forgotten, and no call forgets many.
  verdict add(std::string_view nonce, std::int64_t expires, std::int64_t now);

  std::size_t capacity() const noexcept { return capacity_; }

private:
  using digest = std::array<std::uint64_t, 2>;
  using expiries = std::map<digest, std::int64_t>;

  static digest to_digest(std::string_view nonce);
  void forget_expired(std::int64_t now);

  const std::size_t capacity_;
  std::mutex mutex_;
  expiries known_;
  // By second. A nonce that was used again after it had expired is in two, and
  // belongs to the later one.
  std::map<std::int64_t, std::deque<expiries::iterator>> by_expiry_;
};

} // namespace wsrelay
