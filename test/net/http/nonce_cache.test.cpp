// Nonces that were seen.
#include "net/http/nonce_cache.hpp"

#include <doctest/doctest.h>

namespace wsrelay::nonce_cache_test {

using verdict = nonce_cache::verdict;

TEST_CASE("a nonce is fresh once and replayed after that") {
  nonce_cache cache;
  CHECK(cache.add("a", 100, 50) == verdict::fresh);
  CHECK(cache.add("a", 100, 50) == verdict::replayed);
  CHECK(cache.add("a", 200, 60) == verdict::replayed);
  CHECK(cache.add("b", 100, 50) == verdict::fresh);
}

TEST_CASE("a nonce is remembered up to and including its second of expiry") {
  nonce_cache cache;
  REQUIRE(cache.add("a", 100, 50) == verdict::fresh);
  CHECK(cache.add("a", 200, 99) == verdict::replayed);
  CHECK(cache.add("a", 200, 100) == verdict::replayed);
  CHECK(cache.add("a", 200, 101) == verdict::fresh);
}

TEST_CASE("a full cache refuses new nonces and forgets none that is valid") {
  nonce_cache cache{2};
  REQUIRE(cache.add("a", 100, 50) == verdict::fresh);
  REQUIRE(cache.add("b", 200, 50) == verdict::fresh);
  CHECK(cache.add("c", 200, 50) == verdict::full);
  CHECK(cache.add("a", 200, 50) == verdict::replayed);
  CHECK(cache.add("c", 200, 101) == verdict::fresh); // "a" has expired
  CHECK(cache.add("d", 200, 101) == verdict::full);
}

} // namespace wsrelay::nonce_cache_test
