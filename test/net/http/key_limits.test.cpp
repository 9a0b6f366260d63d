// Who gives way where too many connections have one key.
#include "net/http/key_limits.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace wsrelay::key_limits_test {

using namespace wsrelay::test;

namespace {

constexpr auto reason = " 4409 replaced by a newer one: it goes on there";

/// Limits, and clients that note how they are closed.
struct fixture {
  ~fixture() {
    for (auto& each : clients)
      caf::anon_send_exit(each, caf::exit_reason::kill);
  }

  /// A client by its name.
  const caf::actor& client(std::string name) {
    auto behavior = [this, name](caf::event_based_actor*) -> caf::behavior {
      return {[this, name](const ws_close& x) {
        closed.push_back(name + " " + std::to_string(x.code) + " " + x.reason);
      }};
    };
    return clients.emplace_back(node.system().spawn(std::move(behavior)));
  }

  /// Takes a place of `key` for a client with this name; null: refused.
  std::unique_ptr<key_place> open(std::string name, std::uint32_t max,
                                  const std::string& key = "ann",
                                  bool closes_oldest = true) {
    auto granted = keys.take(key, max, closes_oldest);
    gave_way = granted.closed;
    if (granted.place)
      granted.place->belongs_to(client(std::move(name)));
    node.run();
    return std::move(granted.place);
  }

  std::unique_ptr<key_place> open_or_refuse(std::string name,
                                            std::uint32_t max) {
    return open(std::move(name), max, "ann", false);
  }

  strings closed; // who, and how, in order
  checked_node node;
  std::vector<caf::actor> clients;
  std::size_t gave_way = 0;
  key_limits keys;
};

} // namespace

// -- the oldest gives way -----------------------------------------------------

TEST_CASE_FIXTURE(fixture, "so many connections of a key are open, one more "
                           "closes the oldest") {
  for (std::uint32_t max : {1, 2, 3, 10}) {
    CAPTURE(max);
    closed.clear();
    std::vector<std::unique_ptr<key_place>> places;
    for (std::uint32_t i = 0; i < max; ++i) {
      places.push_back(open(std::to_string(i), max));
      CHECK(gave_way == 0);
    }
    CHECK(closed.empty());
    places.push_back(open("next", max));
    CHECK(places.back() != nullptr);
    CHECK(gave_way == 1);
    CHECK(closed == strings{"0" + std::string{reason}});
    CHECK(keys.size() == 1);
    places.clear();
    CHECK(keys.size() == 0);
  }
}

TEST_CASE_FIXTURE(fixture, "each that comes closes the one that is open "
                           "longest") {
  auto a = open("a", 2), b = open("b", 2), c = open("c", 2), d = open("d", 2),
       e = open("e", 2);
  CHECK(closed
        == strings{"a" + std::string{reason}, "b" + std::string{reason},
                   "c" + std::string{reason}});
}

TEST_CASE_FIXTURE(fixture, "a smaller limit closes several, the oldest "
                           "first") {
  auto a = open("a", 4), b = open("b", 4), c = open("c", 4), d = open("d", 4);
  auto e = open("e", 2);
  CHECK(gave_way == 3);
  CHECK(closed
        == strings{"a" + std::string{reason}, "b" + std::string{reason},
                   "c" + std::string{reason}});
  auto f = open("f", 2);
  CHECK(gave_way == 1);
  CHECK(closed.back() == "d" + std::string{reason});
}

TEST_CASE_FIXTURE(fixture, "a larger limit lets more in") {
  auto a = open("a", 1), b = open("b", 3), c = open("c", 3);
  CHECK(closed.empty());
  auto d = open("d", 3);
  CHECK(closed == strings{"a" + std::string{reason}});
}

TEST_CASE_FIXTURE(fixture, "who has left makes room, in whatever order") {
  auto a = open("a", 3), b = open("b", 3), c = open("c", 3);
  b.reset();
  auto d = open("d", 3);
  CHECK(closed.empty());
  c.reset();
  a.reset();
  auto e = open("e", 3), f = open("f", 3);
  CHECK(closed.empty());
  auto g = open("g", 3);
  CHECK(closed == strings{"d" + std::string{reason}});
}

TEST_CASE_FIXTURE(fixture, "who was replaced makes no room when it leaves") {
  auto a = open("a", 1), b = open("b", 1);
  a.reset();
  CHECK(keys.size() == 1);
  CHECK(open_or_refuse("c", 1) == nullptr);
  auto d = open("d", 1);
  CHECK(closed
        == strings{"a" + std::string{reason}, "b" + std::string{reason}});
}

TEST_CASE_FIXTURE(fixture, "a client that has ended is closed in vain") {
  auto a = keys.take("ann", 1, true);
  a.place->belongs_to(client("a"));
  caf::anon_send_exit(clients.back(), caf::exit_reason::kill);
  node.run();
  auto b = open("b", 1);
  CHECK(gave_way == 1);
  CHECK(b != nullptr);
  CHECK(closed.empty());
}

TEST_CASE("a connection that is replaced closes, and its target hears of it") {
  key_limits keys;
  connected on;
  auto first = keys.take("ann", 1, true);
  first.place->belongs_to(on.client.actor());
  auto newer = on.node.connect(on.target);
  on.node.run();
  auto second = keys.take("ann", 1, true);
  second.place->belongs_to(newer.actor());
  on.node.run();
  CHECK(on.client.close_frame()
        == client_close{replaced_code,
                        "replaced by a newer one: it goes on there"});
  CHECK(on.target.log().back() == "leave closed 4409 last=0");
  CHECK(newer.is_open());
}

// -- before it is known whose place it is -------------------------------------

TEST_CASE_FIXTURE(fixture, "who is replaced before it is there is closed as "
                           "soon as it is") {
  auto early = keys.take("ann", 1, true);
  auto b = open("b", 1);
  CHECK(gave_way == 1);
  CHECK(closed.empty());
  early.place->belongs_to(client("a"));
  node.run();
  CHECK(closed == strings{"a" + std::string{reason}});
  early.place.reset();
  CHECK(keys.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "one that was not replaced is let alone") {
  auto early = keys.take("ann", 1, true);
  early.place->belongs_to(client("a"));
  node.run();
  CHECK(closed.empty());
}

TEST_CASE_FIXTURE(fixture, "a place that never was anybody's is free again") {
  auto early = keys.take("ann", 1, true);
  early.place.reset();
  CHECK(keys.size() == 0);
  auto b = open_or_refuse("b", 1);
  CHECK(b != nullptr);
}

// -- the newest is refused ----------------------------------------------------

TEST_CASE_FIXTURE(fixture, "the newest may be refused: nobody is closed") {
  for (std::uint32_t max : {1, 2, 3}) {
    CAPTURE(max);
    std::vector<std::unique_ptr<key_place>> places;
    for (std::uint32_t i = 0; i < max; ++i) {
      places.push_back(open_or_refuse(std::to_string(i), max));
      CHECK(places.back() != nullptr);
    }
    CHECK(open_or_refuse("next", max) == nullptr);
    CHECK(gave_way == 0);
    CHECK(keys.size() == 1);
    places.pop_back();
    auto last = open_or_refuse("last", max);
    CHECK(last != nullptr);
    CHECK(open_or_refuse("next", max) == nullptr);
  }
  CHECK(closed.empty());
  CHECK(keys.size() == 0);
}

TEST_CASE_FIXTURE(fixture, "a smaller limit refuses as well") {
  auto a = open("a", 3), b = open("b", 3), c = open("c", 3);
  CHECK(open_or_refuse("d", 2) == nullptr);
  a.reset();
  CHECK(open_or_refuse("d", 2) == nullptr);
  b.reset();
  CHECK(open_or_refuse("d", 2) != nullptr);
  CHECK(closed.empty());
}

// -- keys ---------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "keys are apart, byte by byte") {
  std::vector<std::unique_ptr<key_place>> places;
  const strings all{
      "ann", "Ann", "ann ", "an", std::string(256, 'a'), std::string(255, 'a')};
  for (auto& key : all)
    places.push_back(open("first", 1, key, false));
  CHECK(keys.size() == all.size());
  for (auto& key : all)
    CHECK(open("next", 1, key, false) == nullptr);
  CHECK(closed.empty());
  places.erase(places.begin());
  CHECK(keys.size() == all.size() - 1);
  places.clear();
  CHECK(keys.size() == 0);
}

TEST_CASE("places on several threads all come back") {
  key_limits keys;
  std::vector<std::thread> threads;
  std::atomic<std::size_t> closed{0}, refused{0};
  for (auto i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      std::array<std::unique_ptr<key_place>, 3> mine;
      for (std::size_t k = 0; k < 5'000; ++k) {
        auto granted =
            keys.take(k % 2 == 0 ? "ann" : "bob", 1 + k % 3, (k + i) % 4 != 0);
        closed += granted.closed;
        refused += granted.place ? 0 : 1;
        mine[k % mine.size()] = std::move(granted.place);
      }
    });
  for (auto& each : threads)
    each.join();
  CHECK(keys.size() == 0);
  CHECK(closed > 0);
  CHECK(refused > 0);
}

} // namespace wsrelay::key_limits_test
