// Who is in which group, and what other nodes have and are told of them.
#include "actors/group_table.hpp"

#include "test/support/checked_node.hpp"

#include <caf/all.hpp>

namespace wsrelay::group_table_test {

using namespace wsrelay::test;

namespace {

caf::behavior idle(caf::event_based_actor*) {
  return {[](const ws_send&) {}};
}

struct fixture {
  checked_node node;
  group_table table;
  caf::actor ann = node.system().spawn(idle);
  caf::actor bob = node.system().spawn(idle);
};

std::vector<std::string> many(std::size_t count) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back("g" + std::to_string(10'000 + i));
  return result;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "a group is there as long as somebody is in it") {
  CHECK(table.add("a", ann));
  CHECK_FALSE(table.add("a", ann));
  CHECK_FALSE(table.add("a", bob));
  CHECK(table.add("b", bob));
  CHECK(table.find("a")->size() == 2);
  CHECK(table.list() == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(table.remove("a", ann.id()));
  CHECK_FALSE(table.remove("a", ann.id()));
  CHECK_FALSE(table.has(ann.id()));
  CHECK(table.remove("a", bob.id()));
  CHECK(table.find("a") == nullptr);
  CHECK(table.has(bob.id()));
}

TEST_CASE_FIXTURE(fixture, "who ends leaves all of them") {
  table.add("a", ann);
  table.add("b", ann);
  table.add("b", bob);
  CHECK(table.remove_everywhere(ann.id()) == std::vector<std::string>{"a"});
  CHECK(table.remove_everywhere(ann.id()).empty());
  CHECK(table.list() == std::vector<std::string>{"b"});
}

TEST_CASE_FIXTURE(fixture, "a node is told of what has changed, a batch at a "
                           "time") {
  group_feed feed;
  CHECK_FALSE(feed.next(table));
  table.add("a", ann);
  feed.note("a");
  feed.note("b"); // it has gone again
  auto news = feed.next(table);
  REQUIRE(news);
  CHECK(news->here == std::vector<std::string>{"a"});
  CHECK(news->gone == std::vector<std::string>{"b"});
  table.remove("a", ann.id());
  feed.note("a");
  CHECK_FALSE(feed.next(table));
  feed.settle(true);
  CHECK(feed.next(table)->gone == std::vector<std::string>{"a"});
  feed.settle(true);
  CHECK_FALSE(feed.next(table));
}

TEST_CASE_FIXTURE(fixture, "what a node did not take is said again, as it is "
                           "then") {
  group_feed feed;
  table.add("a", ann);
  feed.note("a");
  feed.next(table);
  table.remove("a", ann.id());
  feed.settle(false);
  CHECK(feed.next(table)->gone == std::vector<std::string>{"a"});
}

TEST_CASE_FIXTURE(fixture, "a batch has a bound") {
  group_feed feed;
  for (auto& name : many(max_group_batch + 1))
    feed.note(name);
  CHECK(feed.next(table)->gone.size() == max_group_batch);
  feed.settle(true);
  CHECK(feed.next(table)->gone.size() == 1);
}

TEST_CASE("what another node has") {
  remote_groups has;
  has.apply({{"a", "b", "a b"}, {}});
  CHECK(has.has("a"));
  CHECK_FALSE(has.has("a b")); // none can have that name
  has.apply({{}, {"a", "c"}});
  CHECK_FALSE(has.has("a"));
  CHECK(has.has("b"));
}

TEST_CASE("a node with more groups than the limit gets everything") {
  remote_groups has{{3, 1'000}};
  has.apply({{"a", "b", "c", "c"}, {}});
  CHECK_FALSE(has.has("d"));
  has.apply({{"d"}, {}});
  CHECK(has.has_all());
  CHECK(has.has("e"));
  has.apply({{}, {"d"}});
  CHECK(has.has("d"));
}

TEST_CASE("a node with longer names than the limit gets everything") {
  remote_groups has{{100, 6}};
  has.apply({{"abc", "def"}, {}});
  CHECK_FALSE(has.has_all());
  has.apply({{}, {"abc"}});
  has.apply({{"ghi"}, {}});
  CHECK_FALSE(has.has_all());
  has.apply({{"j"}, {}});
  CHECK(has.has_all());
}

} // namespace wsrelay::group_table_test
