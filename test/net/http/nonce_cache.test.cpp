// Nonces that were seen.
#include "net/http/nonce_cache.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::nonce_cache_test {

namespace {

using verdict = nonce_cache::verdict;

void fill(nonce_cache& cache, int count, std::int64_t expires,
          std::int64_t now) {
  for (int i = 0; i < count; ++i)
    REQUIRE(cache.add(std::to_string(i), expires, now) == verdict::fresh);
}

} // namespace

TEST_CASE("a nonce is fresh once and replayed after that") {
  nonce_cache cache{10};
  CHECK(cache.add("a", 100, 50) == verdict::fresh);
  CHECK(cache.add("a", 100, 50) == verdict::replayed);
  CHECK(cache.add("a", 200, 60) == verdict::replayed);
  CHECK(cache.add("b", 100, 50) == verdict::fresh);
}

TEST_CASE("a nonce is remembered up to and including its second of expiry") {
  nonce_cache cache{10};
  REQUIRE(cache.add("a", 100, 50) == verdict::fresh);
  CHECK(cache.add("a", 200, 99) == verdict::replayed);
  CHECK(cache.add("a", 200, 100) == verdict::replayed);
  CHECK(cache.add("a", 200, 101) == verdict::fresh);
}

TEST_CASE("a full cache refuses new nonces and forgets none that is valid") {
  nonce_cache cache{3};
  REQUIRE(cache.add("a", 100, 50) == verdict::fresh);
  REQUIRE(cache.add("b", 200, 50) == verdict::fresh);
  CHECK(cache.add("c", 200, 50) == verdict::fresh);
  CHECK(cache.add("d", 200, 50) == verdict::full);
  CHECK(cache.add("a", 200, 50) == verdict::replayed);
  CHECK(cache.add("d", 200, 100) == verdict::full);
  CHECK(cache.add("d", 200, 101) == verdict::fresh); // "a" has expired
  CHECK(cache.add("e", 200, 101) == verdict::full);
}

TEST_CASE("nonces that expire together make room at once") {
  constexpr int many = 1000;
  nonce_cache cache{many};
  fill(cache, many, 100, 50);
  REQUIRE(cache.add("new", 200, 100) == verdict::full);
  for (int i = 0; i < many; ++i)
    CHECK(cache.add("new" + std::to_string(i), 200, 101) == verdict::fresh);
  CHECK(cache.add("new", 200, 101) == verdict::full);
}

TEST_CASE("a nonce that expired among many counts once again") {
  constexpr int many = 1000;
  nonce_cache cache{2 * many};
  fill(cache, many, 100, 50);
  // None of the last is forgotten yet.
  for (int i = many; i-- > 0;)
    CHECK(cache.add(std::to_string(i), 200, 101) == verdict::fresh);
  for (int i = 0; i < many; ++i)
    CHECK(cache.add(std::to_string(i), 300, 200) == verdict::replayed);
  fill(cache, many, 300, 201);
}

TEST_CASE("a nonce that comes with an expiry of the past is remembered now") {
  nonce_cache cache{10};
  CHECK(cache.add("a", 40, 50) == verdict::fresh);
  CHECK(cache.add("a", 40, 50) == verdict::replayed);
  CHECK(cache.add("a", 40, 51) == verdict::fresh);
  CHECK(cache.add("b", 60, 60) == verdict::fresh);
}

TEST_CASE("there is room for four returns of each client") {
  CHECK(nonce_capacity(1) == 100'000);
  CHECK(nonce_capacity(24'999) == 100'000);
  CHECK(nonce_capacity(25'000) == 100'000);
  CHECK(nonce_capacity(25'001) == 100'004);
  CHECK(nonce_capacity(1'000'000) == 4'000'000);
}

} // namespace wsrelay::nonce_cache_test
