// Any order of what can be done to a backlog, beside a model that is so simple
// that it is right.
#include "actors/backlog.hpp"

#include "actors/frame_port.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::backlog_random_test {

namespace {

struct entry {
  std::string data;
  std::string key;
  std::uint64_t hole = 0;

  bool operator==(const entry&) const = default;
};

using entries = std::vector<entry>;

std::optional<entry> to_entry(const std::optional<backlog::item>& what) {
  if (!what)
    return std::nullopt;
  return entry{std::string{what->message.data.view()},
               std::string{what->message.key.view()}, what->hole};
}

// Looks at everything each time.
struct model {
  entries urgent;
  entries normal;
  std::uint64_t end_hole = 0;
  std::uint64_t dropped = 0;

  void push(entry what, bool is_urgent) {
    if (!is_urgent || normal.empty())
      what.hole += std::exchange(end_hole, 0);
    (is_urgent ? urgent : normal).push_back(std::move(what));
  }

  std::optional<entry> replace(const entry& by, bool is_urgent) {
    for (auto* queue : {&urgent, &normal})
      for (std::size_t i = 0; i < queue->size(); ++i) {
        if ((*queue)[i].key != by.key)
          continue;
        auto old = (*queue)[i];
        if (queue == &urgent || !is_urgent) {
          (*queue)[i].data = by.data;
          return old;
        }
        normal.erase(normal.begin() + static_cast<std::ptrdiff_t>(i));
        (i == normal.size() ? end_hole : normal[i].hole) += old.hole;
        push({by.data, by.key}, true);
        return old;
      }
    return std::nullopt;
  }

  std::optional<entry> pop() {
    auto& from = urgent.empty() ? normal : urgent;
    return from.empty() ? std::nullopt : std::optional{take(from, 0)};
  }

  std::optional<entry> drop_oldest(bool also_urgent) {
    auto& from = normal.empty() && also_urgent ? urgent : normal;
    return from.empty() ? std::nullopt : std::optional{drop(from, 0)};
  }

  std::optional<entry> drop_newest() {
    return normal.empty() ? std::nullopt
                          : std::optional{drop(normal, normal.size() - 1)};
  }

  static entry take(entries& from, std::size_t index) {
    auto result = from[index];
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(index));
    return result;
  }

  entry drop(entries& from, std::size_t index) {
    auto result = take(from, index);
    (index < from.size() ? from[index].hole : end_hole) += result.hole + 1;
    ++dropped;
    return result;
  }

  std::size_t size() const { return urgent.size() + normal.size(); }

  std::size_t bytes() const {
    std::size_t result = 0;
    for (auto* queue : {&urgent, &normal})
      for (auto& each : *queue)
        result += each.data.size();
    return result;
  }
};

struct both {
  explicit both(std::uint32_t seed) : random{seed} {}

  std::uint32_t below(std::uint32_t end) {
    return static_cast<std::uint32_t>(random()) % end;
  }

  void push_or_replace() {
    auto is_urgent = below(4) == 0;
    entry what{std::to_string(++count) + std::string(below(50), '.'),
               below(2) == 0 ? "" : "key " + std::to_string(below(20))};
    backlog::item made{{message_type::text, what.data, is_urgent, what.key}};
    if (!what.key.empty()) {
      auto old = mine.replace(made);
      auto expected = its.replace(what, is_urgent);
      REQUIRE(old.has_value() == expected.has_value());
      if (old) { // what hole it returns is nobody's business
        REQUIRE(old->message.data.view() == expected->data);
        return;
      }
    }
    mine.push(std::move(made));
    its.push(std::move(what), is_urgent);
  }

  void step(std::uint32_t mood) {
    auto choice = below(10);
    if (choice < mood) {
      push_or_replace();
    } else if (choice < 6) {
      REQUIRE(to_entry(mine.pop()) == its.pop());
    } else if (choice == 6) {
      auto also_urgent = below(2) == 0;
      REQUIRE(to_entry(mine.drop_oldest(also_urgent))
              == its.drop_oldest(also_urgent));
    } else if (choice == 7) {
      REQUIRE(to_entry(mine.drop_newest()) == its.drop_newest());
    } else if (choice == 8) {
      mine.drop_last();
      ++its.end_hole;
      ++its.dropped;
    } else {
      REQUIRE(mine.take_end_hole() == std::exchange(its.end_hole, 0));
    }
  }

  void compare() const {
    REQUIRE(mine.size() == its.size());
    REQUIRE(mine.bytes() == its.bytes());
    REQUIRE(mine.cost() >= its.bytes() + its.size() * queued_message_cost);
    REQUIRE(mine.dropped() == its.dropped);
    REQUIRE(mine.empty() == (its.size() == 0 && its.end_hole == 0));
  }

  std::mt19937 random;
  backlog mine;
  model its;
  std::size_t count = 0;
};

} // namespace

TEST_CASE("whatever is done to a backlog, it is as a simple one would be") {
  std::random_device device;
  auto seed = device();
  CAPTURE(seed);
  both on{seed};
  // It grows, it shrinks, and is empty now and then.
  for (auto mood : {5u, 1u, 3u, 8u, 2u, 6u, 0u, 4u})
    for (auto i = 0; i < 2'000; ++i) {
      on.step(mood);
      on.compare();
    }
  while (auto next = on.its.pop())
    REQUIRE(to_entry(on.mine.pop()) == next);
  CHECK_FALSE(on.mine.pop().has_value());
  CHECK(on.mine.take_end_hole() == on.its.end_hole);
  CHECK(on.mine.empty());
  CHECK(on.mine.cost() == 0);
}

} // namespace wsrelay::backlog_random_test
