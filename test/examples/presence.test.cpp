// What a monitor of connections is told.
#include "tools/examples/presence.hpp"
#include "test/kit/test_node.hpp"
#include "test/kit/with_doctest.hpp"

namespace wsrelay::presence_test {

using namespace wsrelay::test;

TEST_CASE("presence reports who came, who went, and how") {
  text_list lines;
  auto report = [&lines](const std::string& line) { lines.push_back(line); };
  test_node node;
  auto target = node.system().spawn(examples::presence, report);
  auto ann = node.connect(target);
  auto pid = to_string(ann.actor());
  text_list expected{"here " + pid};

  SUBCASE("a clean close is normal") {
    ann.close();
    expected.push_back("gone " + pid + ": normal");
  }
  SUBCASE("a lost connection carries its code and text") {
    ann.lose();
    expected.push_back("gone " + pid + ": 1006 connection lost");
  }
  node.run();
  CHECK(lines == expected);
}

} // namespace wsrelay::presence_test
