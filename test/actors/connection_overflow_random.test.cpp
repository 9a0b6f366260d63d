// A client that reads now and then, and messages of all kinds: each arrives or
// is told to be dropped, whatever the order.
#include "test/actors/overflow_client.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace wsrelay::connection_overflow_random_test {

using namespace wsrelay::test;

namespace {

struct storm : slow {
  storm(overflow_policy which, std::mt19937& from)
      : slow{{.policy = which, .event = "gap"}}, policy{which}, random{from} {}

  std::uint32_t below(std::uint32_t end) {
    return static_cast<std::uint32_t>(random()) % end;
  }

  void step() {
    auto choice = below(24);
    if (choice == 0)
      take();
    else if (choice == 1)
      client->stall();
    else
      ask_for_any();
  }

  // "n1", "n2", ..., "u3" with priority.
  void ask_for_any() {
    auto is_urgent = below(6) == 0;
    auto name = (is_urgent ? "u" : "n") + std::to_string(++sent);
    letter what{name, below(below(8) == 0 ? 60'000 : 12'000)};
    what.priority = is_urgent;
    if (below(3) == 0)
      what.key = "key " + std::to_string(below(5));
    ask(what);
  }

  void take() {
    std::istringstream names{read()};
    for (std::string name; names >> name;)
      if (name.starts_with("gap="))
        missing += std::stoull(name.substr(4));
      else
        arrived.push_back(name);
  }

  void check_bounds() {
    auto now = numbers();
    REQUIRE(now.queued_bytes + now.queued_messages * queued_message_cost
            <= room_for_nine);
  }

  // Per kind, the numbers grow.
  void check_order() const {
    for (auto kind : {'n', 'u'}) {
      unsigned long last = 0;
      for (auto& name : arrived)
        if (name[0] == kind) {
          auto number = std::stoul(name.substr(1));
          CHECK(number > last);
          last = number;
        }
    }
  }

  void check_all() {
    take();
    strings delivered;
    std::uint64_t dropped = 0;
    for (auto& [name, reply] : replies) {
      auto outcome = outcome_of(reply);
      if (outcome == "ok")
        delivered.push_back(name);
      else if (outcome == "dropped")
        ++dropped;
      else
        FAIL_CHECK(name << " " << outcome);
    }
    if (policy != overflow_policy::latest)
      check_order();
    std::sort(delivered.begin(), delivered.end());
    std::sort(arrived.begin(), arrived.end());
    CHECK(arrived == delivered);
    CHECK(dropped == counts->dropped + counts->replaced);
    CHECK(missing == counts->dropped);
    auto now = numbers();
    CHECK(now.queued_messages == 0);
    CHECK(now.queued_bytes == 0);
    CHECK(client->is_open());
  }

  overflow_policy policy;
  std::mt19937& random;
  std::size_t sent = 0;
  std::uint64_t missing = 0; // as the client was told
  strings arrived;
};

} // namespace

TEST_CASE("whatever is sent, and whenever a client reads, each message arrives "
          "or is told to be dropped") {
  std::random_device device;
  auto seed = device();
  CAPTURE(seed);
  std::mt19937 random{seed};
  for (auto policy : dropping_policies) {
    CAPTURE(name_of(policy));
    storm on{policy, random};
    for (auto i = 0; i < 1'000; ++i) {
      on.step();
      if (i % 10 == 0)
        on.check_bounds();
    }
    on.check_all();
    CHECK(on.counts->dropped > 0); // or it was no storm
  }
}

} // namespace wsrelay::connection_overflow_random_test
