// Limits by address, at points in time that the test chooses.
#include "test/net/http/address_limits_fixture.hpp"

#include <doctest/doctest.h>

#include <array>
#include <set>

namespace wsrelay::address_limits_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view someone = "192.0.2.1";

/// So many connections at a time, and no rates.
limited with_places(std::size_t count) {
  return limited{{.connections = count}};
}

} // namespace

// -- open connections ---------------------------------------------------------

TEST_CASE("an address has so many connections at a time, and not one more") {
  for (std::size_t max : {1, 2, 3, 100}) {
    CAPTURE(max);
    auto on = with_places(max);
    CHECK(on.connects(someone, max - 1) == max - 1);
    CHECK(on.connect(someone));
    CHECK_FALSE(on.connect(someone));
    CHECK(on.refusal->status == 429);
    CHECK(on.refusal->check == "address");
    CHECK(on.refusal->detail == "too many connections from this address");
    CHECK(on.places.size() == max);
    CHECK(on.counts.address_connections == 1);
    CHECK(on.refused() == 1);
  }
}

TEST_CASE("a place that is given back is another connection's") {
  auto on = with_places(2);
  CHECK(on.connects(someone) == 2);
  for (auto i = 0; i < 3; ++i) {
    on.places.erase(on.places.begin());
    CHECK(on.connects(someone) == 1);
  }
  on.places.clear();
  CHECK(on.all->open_addresses() == 0);
  CHECK(on.connects(someone) == 2);
}

TEST_CASE("an address counts as open while it has a place") {
  auto on = with_places(2);
  CHECK(on.all->open_addresses() == 0);
  CHECK(on.connects(someone) == 2);
  CHECK(on.all->open_addresses() == 1);
  CHECK(on.connect("192.0.2.2"));
  CHECK(on.all->open_addresses() == 2);
  on.places.erase(on.places.begin());
  CHECK(on.all->open_addresses() == 2);
  on.places.erase(on.places.begin());
  CHECK(on.all->open_addresses() == 1);
}

TEST_CASE("a place that was moved is given back once") {
  auto on = with_places(1);
  CHECK(on.connect(someone));
  address_place a{std::move(on.places[0])};
  on.places.clear(); // which has none any more
  CHECK(static_cast<bool>(a));
  CHECK_FALSE(on.connect(someone));
  address_place b;
  b = std::move(a);
  CHECK(static_cast<bool>(b));
  CHECK_FALSE(static_cast<bool>(a));
  CHECK_FALSE(on.connect(someone));
  {
    auto c = std::move(b);
    CHECK_FALSE(on.connect(someone));
  }
  CHECK(on.connect(someone));
}

TEST_CASE("a place that is replaced is given back, and the new one kept") {
  auto on = with_places(1);
  address_place place;
  CHECK_FALSE(on.all->connect(someone, on.now, place));
  CHECK_FALSE(on.all->connect("192.0.2.2", on.now, place));
  CHECK(on.all->open_addresses() == 1);
  CHECK_FALSE(on.connect("192.0.2.2"));
  CHECK(on.connect(someone));
}

TEST_CASE("who is refused leaves the place as it was") {
  auto on = with_places(1);
  address_place place;
  CHECK_FALSE(on.all->connect(someone, on.now, place));
  CHECK(on.all->connect(someone, on.now, place));
  CHECK(static_cast<bool>(place));
  address_place other;
  CHECK(on.all->connect(someone, on.now, other));
  CHECK_FALSE(static_cast<bool>(other));
}

TEST_CASE("places may outlive who gave them") {
  auto on = with_places(1);
  CHECK(on.connect(someone));
  std::weak_ptr<address_limits> weak = on.all;
  on.all.reset();
  CHECK_FALSE(weak.expired());
  on.places.clear();
  CHECK(weak.expired());
}

// -- rates --------------------------------------------------------------------

TEST_CASE("new connections have a burst and a rate") {
  limited on{{.connects = 10, .burst = 1s}};
  CHECK(on.connects(someone) == 10);
  CHECK(on.refusal->status == 429);
  CHECK(on.refusal->check == "address");
  CHECK(on.refusal->detail == "too many new connections from this address");
  on.now += 100ms - 1ns;
  CHECK(on.connects(someone) == 0);
  on.now += 1ns;
  CHECK(on.connects(someone) == 1);
  on.now += 1h;
  CHECK(on.connects(someone) == 10);
  CHECK(on.counts.address_connects == 4);
  CHECK(on.refused() == 4);
  CHECK(on.places.empty()); // nobody counts them
  CHECK(on.all->open_addresses() == 0);
}

TEST_CASE("requests have a burst and a rate") {
  limited on{{.requests = 10, .burst = 1s}};
  CHECK(on.requests(someone) == 10);
  CHECK(on.refusal->status == 429);
  CHECK(on.refusal->check == "address");
  CHECK(on.refusal->detail == "too many requests from this address");
  on.now += 100ms - 1ns;
  CHECK(on.requests(someone) == 0);
  on.now += 1ns;
  CHECK(on.requests(someone) == 1);
  on.now += 1h;
  CHECK(on.requests(someone) == 10);
  CHECK(on.counts.address_requests == 4);
  CHECK(on.refused() == 4);
}

TEST_CASE("connections and requests have tokens of their own") {
  limited on{{.connects = 1, .requests = 2, .burst = 1s}};
  CHECK(on.connects(someone) == 1);
  CHECK(on.requests(someone) == 2);
  on.now += 500ms;
  CHECK(on.connects(someone) == 0);
  CHECK(on.requests(someone) == 1);
}

TEST_CASE("what has no limit is not refused") {
  SUBCASE("connections alone") {
    auto on = with_places(1);
    CHECK(on.requests(someone, 1000) == 1000);
  }
  SUBCASE("connects alone") {
    limited on{{.connects = 1}};
    CHECK(on.requests(someone, 1000) == 1000);
  }
  SUBCASE("requests alone") {
    limited on{{.requests = 1}};
    CHECK(on.connects(someone, 1000) == 1000);
    CHECK(on.places.empty());
  }
}

TEST_CASE("without limits nothing is counted") {
  limited on{address_limit_options{}};
  CHECK(on.connects(someone, 1000) == 1000);
  CHECK(on.requests(someone, 1000) == 1000);
  CHECK(on.places.empty());
  CHECK(on.all->open_addresses() == 0);
  CHECK(on.refused() == 0);
}

// -- Retry-After --------------------------------------------------------------

TEST_CASE("who is refused is told when to come, not all the same") {
  // One token in a second, and a place that somebody may give back.
  limited connections{{.connections = 1}};
  limited connects{{.connects = 1, .burst = 1s}};
  limited requests{{.requests = 1, .burst = 1s}};
  connections.connect(someone);
  connects.connect(someone);
  requests.request(someone);
  std::array<std::set<unsigned>, 3> told;
  for (auto i = 0; i < 1000; ++i) {
    REQUIRE_FALSE(connections.connect(someone));
    REQUIRE_FALSE(connects.connect(someone));
    REQUIRE_FALSE(requests.request(someone));
    told[0].insert(connections.refusal->retry_after);
    told[1].insert(connects.refusal->retry_after);
    told[2].insert(requests.refusal->retry_after);
  }
  for (auto& each : told) {
    CHECK(each.size() > 1);
    CHECK(*each.begin() >= 1);
    CHECK(*each.rbegin() <= 10);
  }
}

// -- who is the same ----------------------------------------------------------

TEST_CASE("addresses that are the same share their limit") {
  struct same {
    std::string_view a;
    std::string_view b;
  };
  for (auto [a, b] : {same{"192.0.2.1", "::ffff:192.0.2.1"},
                      {"::ffff:192.0.2.1", "192.0.2.1"},
                      {"192.0.2.1", "::ffff:c000:201"},
                      {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"},
                      {"2001:db8:0:1::", "2001:DB8:0:1:0:0:0:1"},
                      {"fe80::1%eth0", "fe80::1"},
                      {"fe80::1%eth0", "fe80::2%eth0"},
                      {"::1", "0:0:0:0:0:0:0:1"}}) {
    auto& shown_a = a;
    CAPTURE(shown_a);
    auto& shown_b = b;
    CAPTURE(shown_b);
    limited on{{.connections = 1, .requests = 1, .burst = 1s}};
    CHECK(on.connect(a));
    CHECK_FALSE(on.connect(b));
    CHECK(on.request(a));
    CHECK_FALSE(on.request(b));
    CHECK(on.all->open_addresses() == 1);
  }
}

TEST_CASE("other addresses have limits of their own") {
  struct other {
    std::string_view a;
    std::string_view b;
  };
  for (auto [a, b] : {other{"192.0.2.1", "192.0.2.2"},
                      {"192.0.2.1", "192.0.3.1"},
                      {"192.0.2.1", "::192.0.2.1"},
                      {"127.0.0.1", "::1"},
                      {"0.0.0.0", "::"},
                      {"2001:db8:0:1::1", "2001:db8:0:2::1"},
                      {"2001:db8:0:1::1", "2001:db8::1"},
                      {"fe80::1%eth0", "2001:db8::1"}}) {
    auto& shown_a = a;
    CAPTURE(shown_a);
    auto& shown_b = b;
    CAPTURE(shown_b);
    limited on{{.connections = 1, .requests = 1, .burst = 1s}};
    CHECK(on.connects(a) == 1);
    CHECK(on.connects(b) == 1);
    CHECK(on.requests(a) == 1);
    CHECK(on.requests(b) == 1);
    CHECK(on.all->open_addresses() == 2);
  }
}

// -- who has none -------------------------------------------------------------

TEST_CASE("what is no address has no limits") {
  limited on{{.connections = 1, .connects = 1, .requests = 1, .burst = 1s}};
  for (auto address : {"unix:", "unknown", "", "%eth0", "localhost",
                       "192.0.2.1:80", "[2001:db8::1]", "192.0.2"}) {
    CAPTURE(address);
    CHECK(on.connects(address) == 100);
    CHECK(on.requests(address) == 100);
  }
  CHECK(on.places.empty());
  CHECK(on.refused() == 0);
}

TEST_CASE("whom a proxy stands for is limited, the proxy is not") {
  limited on{{.connections = 1, .connects = 1, .requests = 1, .burst = 1s},
             [](std::string_view address) { return address == "192.0.2.200"; }};
  CHECK(on.connects("192.0.2.200") == 100);
  CHECK(on.requests("192.0.2.200") == 100);
  CHECK(on.places.empty());
  CHECK(on.refused() == 0);
  CHECK(on.connects(someone) == 1);
  CHECK(on.requests(someone) == 1);
}

TEST_CASE("who is allowed is not limited, and the next block is") {
  limited on{
      {.connections = 1,
       .connects = 1,
       .requests = 1,
       .burst = 1s,
       .allow = {"10.0.0.0/8", "192.0.2.9", "2001:db8::/32", "fe80::/10"}}};
  for (auto address : {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3",
                       "192.0.2.9", "2001:db8:ffff::1", "fe80::1%eth0"}) {
    CAPTURE(address);
    CHECK(on.connects(address) == 100);
    CHECK(on.requests(address) == 100);
  }
  CHECK(on.places.empty());
  CHECK(on.refused() == 0);
  for (auto address : {"9.255.255.255", "11.0.0.0", "192.0.2.8", "192.0.2.10",
                       "2001:db9::1", "fec0::1"}) {
    CAPTURE(address);
    CHECK(on.connects(address) == 1);
    CHECK(on.requests(address) == 1);
  }
}

} // namespace wsrelay::address_limits_test
