// What a connection keeps for the next target, without an actor: order, room,
// times.
#include "actors/parking.hpp"

#include <caf/actor.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::parking_test {

namespace {

constexpr time_point start{milliseconds{1'000}};

std::shared_ptr<parking_options> options_of(bool redeliver = true) {
  auto result = std::make_shared<parking_options>();
  result->policy = target_exit_policy::park;
  result->redeliver = redeliver;
  return result;
}

struct parked {
  parking it;

  explicit parked(bool redeliver = true)
      : it{options_of(redeliver), nullptr, "chat"} {}

  explicit parked(std::shared_ptr<parking_options> options)
      : it{std::move(options), nullptr, "chat"} {}

  void sent(std::uint64_t epoch, std::uint64_t seq, std::uint8_t again = 0) {
    it.on_sent(epoch, seq, message_type::text, std::to_string(seq), again);
  }

  void begin(end_cause how = end_cause::target_crashed) {
    it.begin(how, start, caf::actor{});
  }

  // "1=1 2=2": seq and data of what is owed.
  std::string owed() {
    std::string result;
    for (auto& each : it.take_owed())
      result += (result.empty() ? "" : " ") + std::to_string(each.seq) + "="
                + std::string{each.data.view()};
    return result;
  }

  std::string held() {
    std::string result;
    for (auto& each : it.take_held())
      result += (result.empty() ? "" : " ") + std::string{each.data.view()};
    return result;
  }
};

constexpr std::size_t count_of_causes = end_cause_count;

end_cause cause_at(std::size_t index) {
  return static_cast<end_cause>(index);
}

} // namespace

// -- words --------------------------------------------------------------------

TEST_CASE("a successor is found by a name, not by a PID") {
  auto pid = "12@" + std::string(40, 'A') + "#77";
  std::vector<std::pair<std::string, std::string>> table{
      {"chat", "chat"},
      {"chat@app1", "chat@app1"},
      {"a@b@app1", "a@b@app1"},
      {"12", "12"},
      {"12@app1", "12@app1"},
      {pid, ""},
      {"", ""},
      {"@", ""},
      {"chat@", ""},
      {"@app1", ""},
      {"a\nb", ""},
      {"\xff", ""},
  };
  for (auto& [target, name] : table) {
    auto& shown_target = target;
    CAPTURE(shown_target);
    CHECK(successor_name(target) == name);
  }
}

TEST_CASE("each end of a target has its word, and nothing else has one") {
  using enum end_cause;
  const std::vector<std::pair<end_cause, std::string>> words{
      {target_crashed, "crashed"},
      {target_lost, "lost"},
      {target_shutdown, "shutdown"},
      {target_node_stops, "shutdown"},
      {target_normal, "normal"}};
  for (std::size_t i = 0; i < count_of_causes; ++i) {
    std::string expected;
    for (auto& [cause, word] : words)
      if (cause == cause_at(i))
        expected = word;
    CAPTURE(i);
    CHECK(park_word(cause_at(i)) == expected);
  }
}

TEST_CASE("a route waits after those ends whose word it lists") {
  const std::array<std::pair<std::string, bool park_endings::*>, 4> words{
      {{"crashed", &park_endings::crashed},
       {"lost", &park_endings::lost},
       {"shutdown", &park_endings::shutdown},
       {"normal", &park_endings::normal}}};
  for (auto& [word, listed] : words)
    for (auto is_listed : {true, false}) {
      auto options = options_of();
      options->endings = {!is_listed, !is_listed, !is_listed, !is_listed};
      (*options).endings.*listed = is_listed;
      parked on{options};
      for (std::size_t i = 0; i < count_of_causes; ++i) {
        auto its_word = park_word(cause_at(i));
        CAPTURE(i);
        CHECK(on.it.covers(cause_at(i))
              == (!its_word.empty() && (its_word == word) == is_listed));
      }
    }
}

// -- under way ----------------------------------------------------------------

TEST_CASE_FIXTURE(parked, "what is unanswered when its owner ends is owed, in "
                          "order") {
  sent(1, 1);
  sent(1, 2);
  sent(1, 3);
  it.on_answered(2);
  CHECK(it.waiting() == 0); // the owner may still answer
  CHECK(it.owe(1) == 2);
  CHECK(it.waiting() == 2);
  CHECK(owed() == "1=1 3=3");
  CHECK(it.waiting() == 0);
  CHECK(owed().empty());
}

TEST_CASE_FIXTURE(parked, "of several owners each owes its own, and the order "
                          "is that of the client") {
  sent(1, 1);
  sent(2, 2);
  sent(1, 3);
  sent(3, 4);
  CHECK(it.owe(2) == 1);
  CHECK(it.owe(1) == 2);
  CHECK(it.owe(1) == 2); // as before
  CHECK(it.owe(7) == 0);
  CHECK(it.waiting() == 3);
  CHECK(owed() == "1=1 2=2 3=3");
  CHECK(it.owe(3) == 1);
  CHECK(owed() == "4=4");
}

TEST_CASE_FIXTURE(parked, "an owner that has parted owes nothing") {
  sent(1, 1);
  sent(2, 2);
  it.on_parted(1);
  CHECK(it.owe(1) == 0);
  CHECK(it.owe(2) == 1);
  CHECK(owed() == "2=2");
}

TEST_CASE_FIXTURE(parked, "an answer to what is not under way is ignored") {
  it.on_answered(1);
  sent(1, 1);
  it.on_answered(2);
  it.on_answered(1);
  it.on_answered(1);
  CHECK(it.owe(1) == 0);
}

TEST_CASE("without redelivery what is unanswered is counted, and lost") {
  parked on{false};
  on.sent(1, 1);
  on.sent(2, 2);
  CHECK(on.it.owe(1) == 1);
  CHECK(on.it.owe(1) == 0);
  CHECK(on.it.waiting() == 0);
  CHECK(on.owed().empty());
  CHECK(on.it.owe(2) == 1);
}

TEST_CASE_FIXTURE(parked, "an owner fails again where it has not answered what "
                          "the one before did not answer either") {
  sent(1, 1);
  CHECK_FALSE(it.failed_again(1, end_cause::target_crashed));
  sent(2, 1, true);
  sent(2, 2);
  CHECK_FALSE(it.failed_again(1, end_cause::target_crashed));
  CHECK(it.failed_again(2, end_cause::target_crashed));
  SUBCASE("answered") {
    it.on_answered(1);
  } // the entry of the first owner
  SUBCASE("parted") {
    it.on_parted(1);
  }
  CHECK(it.failed_again(2, end_cause::target_crashed));
  it.on_answered(1);
  CHECK_FALSE(it.failed_again(2, end_cause::target_crashed));
}

TEST_CASE_FIXTURE(parked, "other ends than a crash may be three times the same "
                          "message's") {
  for (std::uint8_t again = 0; again <= 3; ++again) {
    CAPTURE(again);
    it.on_sent(again, 1, message_type::text, "x", again);
    CHECK(it.failed_again(again, end_cause::target_lost) == (again == 3));
    CHECK(it.failed_again(again, end_cause::target_shutdown) == (again == 3));
    CHECK(it.failed_again(again, end_cause::target_crashed) == (again > 0));
  }
}

// -- held ---------------------------------------------------------------------

TEST_CASE("there is room for so many messages") {
  for (std::uint32_t limit : {1u, 2u, 5u}) {
    auto options = options_of();
    options->messages = limit;
    parked on{options};
    on.begin();
    for (std::uint32_t i = 1; i < limit; ++i) {
      on.it.hold(message_type::text, "x");
      CHECK(on.it.has_room());
    }
    on.it.hold(message_type::text, "x"); // the last one
    CHECK_FALSE(on.it.has_room());
    on.it.hold(message_type::text, "x"); // it came all the same
    CHECK_FALSE(on.it.has_room());
    CHECK(on.it.waiting() == limit + 1);
    CHECK(on.it.take_held().size() == limit + 1);
    CHECK(on.it.has_room());
  }
}

TEST_CASE("there is room for so many bytes") {
  for (auto [size, has_room] :
       {std::pair{9u, true}, {10u, false}, {11u, false}}) {
    auto options = options_of();
    options->bytes = 10;
    parked on{options};
    on.begin();
    on.it.hold(message_type::binary, std::string(size, 'x'));
    CHECK(on.it.has_room() == has_room);
    on.it.take_held();
    CHECK(on.it.has_room());
  }
}

TEST_CASE("a limit of 0 has room for nothing") {
  auto options = options_of();
  SUBCASE("messages") {
    options->messages = 0;
  }
  SUBCASE("bytes") {
    options->bytes = 0;
  }
  CHECK_FALSE(parked{options}.it.has_room());
}

TEST_CASE_FIXTURE(parked, "what is held keeps its order and its type") {
  begin();
  it.hold(message_type::text, "a");
  it.hold(message_type::binary, "b");
  sent(1, 1);
  it.owe(1);
  CHECK(it.waiting() == 3);
  auto all = it.take_held();
  REQUIRE(all.size() == 2);
  CHECK(all[0].type == message_type::text);
  CHECK(all[1].type == message_type::binary);
  CHECK(all[1].data.view() == "b");
  CHECK(all[0].seq == 0); // none yet
  CHECK(held().empty());
  CHECK(owed() == "1=1");
}

// -- times --------------------------------------------------------------------

TEST_CASE_FIXTURE(parked, "it is parked from its begin to its end") {
  CHECK_FALSE(it.is_parked());
  CHECK(it.due() == time_point::max());
  begin(end_cause::target_lost);
  CHECK(it.is_parked());
  CHECK(it.how() == end_cause::target_lost);
  CHECK(it.over_at() == start + it.options().time);
  CHECK(it.due() == it.over_at());
  it.end();
  CHECK_FALSE(it.is_parked());
  CHECK(it.due() == time_point::max());
}

TEST_CASE_FIXTURE(parked, "the next thing that is due is a search or the end "
                          "of its time") {
  begin();
  it.put_search_off(start);
  CHECK(it.search_at() == start + milliseconds{100});
  CHECK(it.due() == it.search_at());
  it.put_search_off(it.over_at());
  CHECK(it.due() == it.over_at());
  it.begin_search();
  CHECK(it.search_at() == time_point::max());
  CHECK(it.due() == it.over_at());
}

TEST_CASE_FIXTURE(parked,
                  "after each refusal the pause is twice as long, up to "
                  "five seconds") {
  const std::vector<int> pauses{100,  200,  400,  800, 1600,
                                3200, 5000, 5000, 5000};
  for (int i = 0; i < 2; ++i) { // anew with each parking
    begin();
    for (auto pause : pauses) {
      it.put_search_off(start);
      CHECK(it.search_at() == start + milliseconds{pause});
    }
    it.end();
  }
}

TEST_CASE_FIXTURE(parked, "an answer to an earlier search is too late") {
  begin();
  auto first = it.begin_search();
  CHECK(it.searches(first));
  auto second = it.begin_search();
  CHECK(second != first);
  CHECK_FALSE(it.searches(first));
  CHECK(it.searches(second));
  it.end();
  CHECK_FALSE(it.searches(second));
  begin();
  CHECK_FALSE(it.searches(second));
  CHECK(it.searches(it.begin_search()));
}

TEST_CASE_FIXTURE(parked, "without a lot it has no place") {
  begin();
  it.hold(message_type::text, "a");
  CHECK(it.place() == 0);
  auto place = it.take_place();
  place.hold(1);
  CHECK(place.number() == 0);
}

TEST_CASE_FIXTURE(parked, "the name that it waits for may change") {
  CHECK(it.name() == "chat");
  it.set_name("");
  CHECK(it.name().empty());
}

} // namespace wsrelay::parking_test
