// What another node is told of names, many at a time.
#include "actors/name_feed.hpp"

#include "test/support/connected.hpp"

namespace wsrelay::name_feed_test {

using namespace wsrelay::test;

namespace {

strings names_of(const std::optional<name_feed::batch>& batch) {
  strings result;
  if (batch)
    for (auto& each : batch->entries)
      result.push_back(each.name);
  return result;
}

} // namespace

TEST_CASE("what gathers while a batch is under way is the next one") {
  checked_node node;
  probe who{node};
  name_feed feed;
  CHECK_FALSE(feed.next());
  feed.put({"a", who});
  CHECK(names_of(feed.next()) == strings{"a"});
  feed.put({"b", who});
  feed.put({"c", who});
  CHECK_FALSE(feed.next());
  feed.settle();
  CHECK(names_of(feed.next()) == strings{"b", "c"});
  feed.settle();
  CHECK_FALSE(feed.next());
}

TEST_CASE("names are put and taken back in their order") {
  checked_node node;
  probe who{node};
  name_feed feed;
  feed.put({"a", who});
  feed.take_back({"a", who});
  feed.take_back({"b", who});
  feed.put({"a", who});
  for (auto& [takes_back, names] : std::vector<std::pair<bool, strings>>{
           {false, {"a"}}, {true, {"a", "b"}}, {false, {"a"}}}) {
    auto batch = feed.next();
    REQUIRE(batch);
    CHECK(batch->takes_back == takes_back);
    CHECK(names_of(batch) == names);
    feed.settle();
  }
}

TEST_CASE("a batch has so many names and no more") {
  checked_node node;
  probe who{node};
  for (auto count : {max_name_batch - 1, max_name_batch, max_name_batch + 1}) {
    name_feed feed;
    for (std::size_t i = 0; i < count; ++i)
      feed.put({std::to_string(i), who});
    CHECK(feed.next()->entries.size() == std::min(count, max_name_batch));
    feed.settle();
    CHECK(static_cast<bool>(feed.next()) == (count > max_name_batch));
  }
}

TEST_CASE("who has ended is not told of") {
  checked_node node;
  probe who{node};
  name_feed feed;
  {
    probe gone{node};
    feed.put({"a", gone});
    feed.put({"b", who});
    feed.put({"c", gone});
    feed.put({"d", gone});
    gone.end();
    node.run();
  }
  CHECK(names_of(feed.next()) == strings{"b"});
  feed.settle();
  CHECK_FALSE(feed.next());
}

} // namespace wsrelay::name_feed_test
