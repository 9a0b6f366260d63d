// The nonce cache.
#include "net/http/nonce_cache.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

namespace wsrelay {

namespace {

// More than one, so that what has expired gets less with every call; few, so
// that a million that expire together hold no loop.
constexpr int forgotten_per_call = 8;

} // namespace

nonce_cache::verdict nonce_cache::add(std::string_view nonce,
                                      std::int64_t expires, std::int64_t now) {
  auto key = to_digest(nonce);
  // So that an earlier second's reference to an entry is dropped before the
  // entry is.
  expires = std::max(expires, now);
  std::unique_lock guard{mutex_};
  forget_expired(now);
  auto found = known_.find(key);
  if (found != known_.end() && found->second >= now)
    return verdict::replayed;
  if (found == known_.end() && known_.size() >= capacity_)
    return verdict::full;
  found = known_.insert_or_assign(found, key, expires);
  by_expiry_[expires].push_back(found);
  return verdict::fresh;
}

// 128 bits of SHA-256: nobody finds two nonces that have the same.
nonce_cache::digest nonce_cache::to_digest(std::string_view nonce) {
  unsigned char bytes[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(nonce.data()), nonce.size(),
         bytes);
  digest out;
  static_assert(sizeof(out) <= sizeof(bytes));
  std::memcpy(out.data(), bytes, sizeof(out));
  return out;
}

// A signature is valid up to and including its second of expiry.
void nonce_cache::forget_expired(std::int64_t now) {
  for (int i = 0; i < forgotten_per_call && !by_expiry_.empty(); ++i) {
    auto& [second, entries] = *by_expiry_.begin();
    if (second >= now)
      return;
    if (entries.front()->second == second)
      known_.erase(entries.front());
    entries.pop_front();
    if (entries.empty())
      by_expiry_.erase(by_expiry_.begin());
  }
}

} // namespace wsrelay
