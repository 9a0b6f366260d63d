// The nonce cache.
#include "net/http/nonce_cache.hpp"

namespace wsrelay {

nonce_cache::verdict nonce_cache::add(std::string_view nonce,
                                      std::int64_t expires, std::int64_t now) {
  std::unique_lock guard{mutex_};
  drop_expired(now);
  std::string key{nonce};
  if (known_.count(key) > 0)
    return verdict::replayed;
  if (known_.size() >= capacity_)
    return verdict::full;
  by_expiry_.emplace(expires, key);
  known_.insert(std::move(key));
  return verdict::fresh;
}

// A signature is valid up to and including its second of expiry.
void nonce_cache::drop_expired(std::int64_t now) {
  auto end = by_expiry_.lower_bound(now);
  for (auto i = by_expiry_.begin(); i != end; ++i)
    known_.erase(i->second);
  by_expiry_.erase(by_expiry_.begin(), end);
}

} // namespace wsrelay
