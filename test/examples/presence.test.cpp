// What a monitor of connections is told.
#include "tools/examples/presence.hpp"
#include "test/kit/test_node.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

namespace wsrelay::presence_test {

using namespace wsrelay::test;

TEST_CASE("presence reports who came, who went, and how") {
  test_node node;
  auto lines = std::make_shared<std::vector<std::string>>();
  auto report = [lines](const std::string& line) { lines->push_back(line); };
  auto target = node.system().spawn(examples::presence, report);
  auto ann = node.connect(target);
  node.run();
  REQUIRE(lines->size() == 1);
  auto pid = lines->front().substr(5);
  CHECK(lines->front() == "here " + pid);

  SUBCASE("a clean close is normal") {
    ann.close();
    node.run();
    CHECK(lines->back() == "gone " + pid + ": normal");
  }
  SUBCASE("a lost connection carries its code and text") {
    ann.lose();
    node.run();
    CHECK(lines->back() == "gone " + pid + ": 1006 connection lost");
  }
  CHECK(lines->size() == 2);
}

} // namespace wsrelay::presence_test
