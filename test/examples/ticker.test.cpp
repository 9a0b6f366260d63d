// A message type of one's own, in a test and on its way to another node.
#include "tools/examples/ticker.hpp"
#include "test/kit/test_node.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <vector>

namespace wsrelay::ticker_test {

using namespace wsrelay::test;

namespace {

struct quote_config : test_config {
  quote_config() { examples::add_quotes(*this); }
};

} // namespace

TEST_CASE("a ticker tells every client each quote") {
  test_node node{std::make_unique<quote_config>()};
  auto ticker = node.system().spawn(examples::ticker);
  auto ann = node.connect(ticker);
  auto bob = node.connect(ticker);
  node.run();
  node.send(ticker, examples::quote{"A\"B", 1250});
  node.run();
  for (auto* client : {&ann, &bob}) {
    auto events = client->take_events();
    REQUIRE(events.size() == 1);
    CHECK(events[0].topic == "quote");
    CHECK(events[0].data == R"({"symbol":"A\"B","cents":1250})");
  }
}

TEST_CASE("a quote travels between nodes that know it") {
  test_node node{std::make_unique<quote_config>()};
  std::vector<char> bytes;
  caf::binary_serializer sink{node.system(), bytes};
  auto sent = caf::make_message(examples::quote{"AB", -7});
  REQUIRE_FALSE(sink(sent));
  caf::message got;
  caf::binary_deserializer source{node.system(), bytes};
  REQUIRE_FALSE(source(got));
  REQUIRE(got.match_elements<examples::quote>());
  CHECK(got.get_as<examples::quote>(0).symbol == "AB");
  CHECK(got.get_as<examples::quote>(0).cents == -7);
}

} // namespace wsrelay::ticker_test
