// Remembers the nonces of signed relay headers until they expire, so that a
// header that was overheard opens no second connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace wsrelay {

/// Any thread. Bounded: when it is full of nonces that have not expired, new
/// ones are refused rather than old ones forgotten.
class nonce_cache {
public:
  explicit nonce_cache(std::size_t capacity = 100'000) : capacity_{capacity} {}

  enum class verdict { fresh, replayed, full };

  /// Records `nonce` until `expires` (seconds since the Unix epoch).
  verdict add(std::string_view nonce, std::int64_t expires, std::int64_t now);

private:
  void drop_expired(std::int64_t now);

  std::size_t capacity_;
  std::mutex mutex_;
  std::unordered_set<std::string> known_;
  std::multimap<std::int64_t, std::string> by_expiry_;
};

} // namespace wsrelay
