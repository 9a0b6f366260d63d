// Seeds: which one, and what follows from it.
#include "test/kit/seed.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace wsrelay::test {

namespace {

thread_local std::optional<seed> tried;

std::optional<seed> wanted_seed() {
  auto* text = std::getenv("WSRELAY_SEED");
  if (!text)
    return std::nullopt;
  std::string_view all{text};
  seed result{0};
  auto [end, failure] =
      std::from_chars(all.data(), all.data() + all.size(), result.value);
  if (failure != std::errc{} || end != all.data() + all.size())
    throw std::invalid_argument{"WSRELAY_SEED is not a number"};
  return result;
}

} // namespace

std::ostream& operator<<(std::ostream& out, seed what) {
  return out << "seed " << what.value;
}

chance::chance(std::optional<seed> from) {
  if (from)
    random_.emplace(from->value);
}

// Not std::uniform_int_distribution: each standard library has its own.
std::size_t chance::pick(std::size_t count) {
  return random_ ? (*random_)() % count : 0;
}

std::optional<seed> current_seed() {
  return tried;
}

seed_run::seed_run(std::size_t count) : last_{0}, end_{count}, outer_{tried} {
  if (auto one = wanted_seed()) {
    last_ = one->value - 1;
    end_ = one->value;
  }
}

seed_run::~seed_run() {
  tried = outer_;
}

std::optional<seed> seed_run::next() {
  if (last_ == end_)
    return std::nullopt;
  tried = seed{++last_};
  return tried;
}

void seed_run::tell_failure() const {
  std::fprintf(stderr, "failed with seed %llu: WSRELAY_SEED=%llu repeats it\n",
               static_cast<unsigned long long>(last_),
               static_cast<unsigned long long>(last_));
}

} // namespace wsrelay::test
