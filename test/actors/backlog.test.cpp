// Messages that wait: order, keys, what is dropped and where a hole is left.
#include "actors/backlog.hpp"

#include "actors/frame_port.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace wsrelay::backlog_test {

namespace {

backlog::item normal(std::string data, std::string key = {}) {
  return {{message_type::text, data, false, key}};
}

backlog::item urgent(std::string data, std::string key = {}) {
  return {{message_type::text, data, true, key}};
}

// Somebody waits for it.
backlog::item asked(backlog::item what) {
  what.who = std::make_unique<caf::response_promise>();
  return what;
}

// "a", or "(2)a" where two are missing before it, or "none".
std::string show(const std::optional<backlog::item>& what) {
  if (!what)
    return "none";
  auto hole = what->hole > 0 ? "(" + std::to_string(what->hole) + ")" : "";
  return hole + std::string{what->message.data.view()};
}

// All that waits, in order, and "(N)" for a hole at the end.
std::string drain(backlog& from) {
  std::string result;
  auto add = [&](const std::string& text) {
    result += (result.empty() ? "" : " ") + text;
  };
  while (auto next = from.pop())
    add(show(next));
  if (auto hole = from.take_end_hole())
    add("(" + std::to_string(hole) + ")");
  CHECK(from.empty());
  CHECK(from.size() == 0);
  CHECK(from.bytes() == 0);
  CHECK(from.cost() == 0);
  return result;
}

struct fixture {
  backlog all;

  void push(std::initializer_list<const char*> names) {
    for (auto* name : names)
      all.push(normal(name));
  }

  void push_urgent(std::initializer_list<const char*> names) {
    for (auto* name : names)
      all.push(urgent(name));
  }

  std::string replace(backlog::item by) { return show(all.replace(by)); }
};

} // namespace

// -- order --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a new backlog has nothing in it") {
  CHECK(all.dropped() == 0);
  CHECK(show(all.drop_oldest(true)) == "none");
  CHECK(show(all.drop_newest()) == "none");
  CHECK(all.dropped() == 0);
  CHECK(drain(all) == "");
}

TEST_CASE_FIXTURE(fixture, "messages come out in the order of their coming") {
  push({"a", "b", "c"});
  CHECK_FALSE(all.empty());
  CHECK(show(all.pop()) == "a");
  push({"d"});
  CHECK(drain(all) == "b c d");
}

TEST_CASE_FIXTURE(fixture, "those with priority come first, and in order") {
  push({"a", "b"});
  push_urgent({"u", "v"});
  push({"c"});
  push_urgent({"w"});
  CHECK(show(all.pop()) == "u");
  push_urgent({"x"});
  CHECK(drain(all) == "v w x a b c");
}

TEST_CASE_FIXTURE(fixture, "all of a message comes out again, and who waits "
                           "for it") {
  all.push(asked({{message_type::binary, "\xFF", true, "key"}}));
  push({"nobody's"});
  auto first = all.pop();
  REQUIRE(first.has_value());
  CHECK(first->message.type == message_type::binary);
  CHECK(first->message.data.view() == "\xFF");
  CHECK(first->message.priority);
  CHECK(first->message.key.view() == "key");
  CHECK(first->who != nullptr);
  CHECK(first->hole == 0);
  CHECK(all.pop().value().who == nullptr);
}

// -- numbers ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "it counts messages, bytes and what they cost") {
  push({"", "12345"});
  push_urgent({"123"});
  CHECK(all.size() == 3);
  CHECK(all.bytes() == 8);
  CHECK(all.cost() == 8 + 3 * queued_message_cost);
  all.pop(); // "123"
  CHECK(all.size() == 2);
  CHECK(all.bytes() == 5);
  all.drop_oldest(false);
  CHECK(all.size() == 1);
  CHECK(all.cost() == 5 + queued_message_cost);
  all.drop_newest();
  CHECK(all.size() == 0);
  CHECK(all.cost() == 0);
}

TEST_CASE_FIXTURE(fixture, "who waits for a message costs as long as it "
                           "does") {
  all.push(asked(urgent("u")));
  auto waits = all.cost() - 1 - queued_message_cost;
  CHECK(waits >= sizeof(caf::response_promise));
  for (auto* key : {"a", "b", "c", "d"})
    all.push(asked(normal("", key)));
  push({""});
  constexpr std::size_t key = 1 + 64; // and its place in an index
  auto messages = 1 + 6 * queued_message_cost + 4 * key;
  CHECK(all.cost() == messages + 5 * waits);
  replace(normal("", "b"));
  CHECK(all.cost() == messages + 4 * waits);
  replace(asked(normal("", "b")));
  replace(asked(normal("", "b")));
  CHECK(all.cost() == messages + 5 * waits);
  all.pop();
  all.drop_oldest(false);
  all.drop_newest();
  CHECK(all.cost() == 3 * (queued_message_cost + waits + key));
  while (all.pop()) {
  }
  CHECK(all.cost() == 0);
}

TEST_CASE_FIXTURE(fixture, "a replaced message counts with the new size") {
  all.push(normal("12345", "k"));
  push({"1"});
  CHECK(replace(normal("12", "k")) == "12345");
  CHECK(all.bytes() == 3);
  CHECK(all.size() == 2);
  CHECK(replace(normal("1234567", "k")) == "12");
  CHECK(all.bytes() == 8);
  CHECK(replace(normal("", "k")) == "1234567");
  CHECK(all.bytes() == 1);
  CHECK(drain(all) == "1");
}

// -- keys ---------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a message takes the place of the one with its "
                           "key") {
  push({"a"});
  all.push(normal("b1", "b"));
  all.push(normal("c1", "c"));
  CHECK(replace(normal("b2", "b")) == "b1");
  CHECK(replace(normal("d1", "d")) == "none");
  CHECK(all.size() == 3);
  CHECK(all.dropped() == 0);
  CHECK(drain(all) == "a b2 c1");
}

TEST_CASE_FIXTURE(fixture, "who waited for the one that was there is "
                           "returned") {
  all.push(asked(normal("old", "k")));
  auto by = normal("new", "k");
  auto replaced = all.replace(by);
  REQUIRE(replaced.has_value());
  CHECK(replaced->who != nullptr);
  CHECK(all.pop().value().who == nullptr);
}

TEST_CASE_FIXTURE(fixture, "a message that finds no place keeps all of it") {
  auto by = asked(normal("x", "k"));
  by.hole = 3;
  CHECK_FALSE(all.replace(by).has_value());
  CHECK(by.message.data.view() == "x");
  CHECK(by.message.key.view() == "k");
  CHECK(by.who != nullptr);
  CHECK(by.hole == 3);
  CHECK(all.empty());
}

// The text of a key is a message's own: none may be looked up that has gone.
TEST_CASE_FIXTURE(fixture, "a place is found again and again") {
  std::string key(100, 'k'); // not inside of any string
  all.push(normal("0", key));
  for (auto i = 1; i < 100; ++i)
    CHECK(replace(normal(std::to_string(i), key)) == std::to_string(i - 1));
  CHECK(drain(all) == "99");
}

TEST_CASE_FIXTURE(fixture, "a key counts for messages with priority, and for "
                           "those without") {
  push({"a"});
  all.push(normal("b1", "b"));
  all.push(urgent("u1", "u"));
  push_urgent({"v"});
  // Priority is not lost, and one that comes with it goes before.
  CHECK(replace(urgent("b2", "b")) == "b1");
  CHECK(replace(normal("u2", "u")) == "u1");
  CHECK(drain(all) == "u2 v b2 a");
}

TEST_CASE_FIXTURE(fixture, "what has got priority by its key is not dropped "
                           "before others") {
  all.push(normal("b1", "b"));
  push({"a"});
  replace(urgent("b2", "b"));
  CHECK(show(all.drop_newest()) == "a");
  CHECK(show(all.drop_newest()) == "none");
  CHECK(drain(all) == "b2 (1)");
}

TEST_CASE_FIXTURE(fixture, "a key is free when its message has gone") {
  all.push(normal("a", "k"));
  SUBCASE("to the socket") {
    all.pop();
  }
  SUBCASE("as the oldest") {
    all.drop_oldest(false);
  }
  SUBCASE("as the newest") {
    all.drop_newest();
  }
  all.take_end_hole();
  CHECK(replace(normal("b", "k")) == "none");
  all.push(normal("b", "k"));
  CHECK(replace(normal("c", "k")) == "b");
  CHECK(drain(all) == "c");
}

// -- holes --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "the oldest leave a hole before the next one") {
  push({"a", "b", "c", "d"});
  CHECK(show(all.drop_oldest(false)) == "a");
  CHECK(show(all.drop_oldest(false)) == "(1)b");
  CHECK(all.dropped() == 2);
  CHECK(drain(all) == "(2)c d");
  CHECK(all.dropped() == 2);
}

TEST_CASE_FIXTURE(fixture, "the newest leave a hole before the one that comes "
                           "next") {
  push({"a", "b", "c"});
  CHECK(show(all.drop_newest()) == "c");
  CHECK(show(all.drop_newest()) == "b");
  push({"d", "e"});
  CHECK(drain(all) == "a (2)d e");
}

TEST_CASE_FIXTURE(fixture, "what would have been the last leaves a hole at the "
                           "end") {
  push({"a"});
  all.drop_last();
  all.drop_last();
  CHECK(all.dropped() == 2);
  CHECK(all.size() == 1);
  SUBCASE("of all") {
    CHECK(drain(all) == "a (2)");
  }
  SUBCASE("until another one comes") {
    push({"b"});
    all.drop_last();
    CHECK(drain(all) == "a (2)b (1)");
  }
}

TEST_CASE_FIXTURE(fixture, "a hole is something to tell, also alone") {
  all.drop_last();
  CHECK_FALSE(all.empty());
  CHECK(all.size() == 0);
  CHECK(all.cost() == 0);
  CHECK(show(all.pop()) == "none");
  CHECK_FALSE(all.empty());
  CHECK(all.take_end_hole() == 1);
  CHECK(all.take_end_hole() == 0);
  CHECK(all.empty());
  CHECK(all.dropped() == 1);
}

TEST_CASE_FIXTURE(fixture, "holes that meet are one") {
  push({"a", "b", "c"});
  all.drop_newest();
  push({"d"});
  all.drop_last(); // a b (1)d (1)
  SUBCASE("before the next one") {
    all.drop_oldest(false);
    all.drop_oldest(false);
    CHECK(drain(all) == "(3)d (1)");
  }
  SUBCASE("at the end") {
    CHECK(show(all.drop_newest()) == "(1)d");
    CHECK(drain(all) == "a b (3)");
  }
  SUBCASE("in all") {
    while (all.drop_oldest(false)) {
    }
    CHECK(drain(all) == "(5)");
    CHECK(all.dropped() == 5);
  }
}

TEST_CASE_FIXTURE(fixture, "one with priority overtakes holes as it overtakes "
                           "messages") {
  push({"a", "b"});
  all.drop_oldest(false);
  all.drop_last();
  push_urgent({"u"});
  CHECK(drain(all) == "u (1)b (1)");
}

TEST_CASE_FIXTURE(fixture, "a message that takes a place takes its hole") {
  push({"a"});
  all.push(normal("b1", "b"));
  all.drop_oldest(false);
  auto by = normal("b2", "b");
  by.hole = 7; // nobody's
  all.replace(by);
  all.drop_last();
  CHECK(drain(all) == "(1)b2 (1)");
}

// -- priority -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "those with priority are dropped last, or never") {
  push({"a", "b"});
  push_urgent({"u", "v", "w"});
  CHECK(show(all.drop_oldest(true)) == "a");
  CHECK(show(all.drop_oldest(false)) == "(1)b");
  CHECK(show(all.drop_newest()) == "none");
  CHECK(show(all.drop_oldest(false)) == "none");
  CHECK(all.dropped() == 2);
  CHECK(show(all.drop_oldest(true)) == "u");
  CHECK(all.dropped() == 3);
  CHECK(drain(all) == "(1)v w (2)");
}

TEST_CASE_FIXTURE(fixture, "when all with priority are dropped their hole is "
                           "the end's") {
  push_urgent({"u", "v"});
  CHECK(show(all.drop_oldest(true)) == "u");
  CHECK(show(all.drop_oldest(true)) == "(1)v");
  CHECK(show(all.drop_oldest(true)) == "none");
  CHECK(all.dropped() == 2);
  CHECK(drain(all) == "(2)");
}

} // namespace wsrelay::backlog_test
