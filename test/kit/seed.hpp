// Other orders of what could happen in another order, each of them repeatable.
#pragma once

#include "test/kit/expectation.hpp"

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <random>
#include <type_traits>

namespace wsrelay::test {

/// Stands for one order in which a `test_node` does what is to be done.
struct seed {
  std::uint64_t value;

  bool operator==(const seed&) const = default;
};

/// "seed 17".
std::ostream& operator<<(std::ostream& out, seed what);

/// Chooses; the same seed, the same choices, on every machine.
class chance {
public:
  /// Without a seed: always the first.
  explicit chance(std::optional<seed> from = std::nullopt);

  bool is_random() const noexcept { return random_.has_value(); }

  /// Returns a number below `count`, which is not 0.
  std::size_t pick(std::size_t count);

private:
  std::optional<std::mt19937_64> random_;
};

/// Returns the seed that `over_seeds` is trying in this thread, for the texts
/// of failures; nothing outside of it.
std::optional<seed> current_seed();

/// What `over_seeds` runs through: 1 to `count`, or the seed that the
/// environment's WSRELAY_SEED names, alone. Throws `std::invalid_argument` for
/// one that is no number.
class seed_run {
public:
  explicit seed_run(std::size_t count);
  ~seed_run();

  seed_run(const seed_run&) = delete;
  seed_run& operator=(const seed_run&) = delete;

  /// Goes to the next seed; nothing when all were tried.
  std::optional<seed> next();

  /// Says on stderr which seed failed, and how to repeat it.
  void tell_failure() const;

private:
  std::uint64_t last_;
  std::uint64_t end_;
  std::optional<seed> outer_;
};

/// Runs `scenario` with each of `count` seeds, which has to give its seed to
/// its node: `test_node node{order};`. It fails with an exception, or where it
/// returns bool by false, as an expectation does. Then stderr says "failed with
/// seed 17: WSRELAY_SEED=17 repeats it", and no further seed is tried.
template <class Scenario>
void over_seeds(std::size_t count, Scenario scenario,
                source_line where = source_line::here()) {
  seed_run run{count};
  while (auto order = run.next()) {
    auto passed = true;
    try {
      if constexpr (std::is_same_v<decltype(scenario(*order)), bool>)
        passed = scenario(*order);
      else
        scenario(*order);
      if (!passed)
        fail("the scenario has returned false", where);
    } catch (...) {
      run.tell_failure();
      throw;
    }
    if (!passed) // a handler has been told
      return run.tell_failure();
  }
}

} // namespace wsrelay::test
