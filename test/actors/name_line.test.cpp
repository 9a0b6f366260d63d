// Who stands in line for a name.
#include "actors/name_line.hpp"

#include "test/support/connected.hpp"

#include <random>

namespace wsrelay::name_line_test {

using namespace wsrelay::test;

namespace {

std::vector<caf::actor> all(const name_line& line) {
  std::vector<caf::actor> result;
  for (std::size_t i = 0; i < line.size(); ++i)
    result.push_back(line[i].who);
  return result;
}

} // namespace

TEST_CASE("a line keeps its order, wherever somebody comes or goes") {
  checked_node node;
  std::vector<std::unique_ptr<probe>> probes;
  std::vector<caf::actor> actors;
  for (int i = 0; i < 4; ++i) {
    probes.push_back(std::make_unique<probe>(node));
    actors.push_back(probes.back()->actor());
  }
  std::mt19937 random{7};
  name_line line;
  std::vector<caf::actor> expected;
  CHECK(line.empty());
  for (int step = 0; step < 2'000; ++step) {
    auto grows = expected.size() < 5 && random() % 2 == 0;
    if (grows || expected.empty()) {
      auto place = random() % (expected.size() + 1);
      auto& who = actors[random() % actors.size()];
      line.insert(place, {who, {}});
      expected.insert(expected.begin() + static_cast<std::ptrdiff_t>(place),
                      who);
    } else {
      auto place = random() % expected.size();
      line.erase(place);
      expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(place));
    }
    REQUIRE(all(line) == expected);
    REQUIRE(line.empty() == expected.empty());
  }
}

TEST_CASE("the first place that matches is found, or the end") {
  checked_node node;
  probe one{node}, two{node};
  name_line line;
  CHECK(line.find([](auto&) { return true; }) == 0);
  line.insert(0, {one, {}});
  line.insert(1, {two, {}});
  CHECK(line.find([&](auto& x) { return x.who == two.actor(); }) == 1);
  CHECK(line.find([](auto&) { return false; }) == 2);
}

} // namespace wsrelay::name_line_test
