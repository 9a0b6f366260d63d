// Who has a name, who waits for it, and how much another node may put.
#include "actors/name_table.hpp"

#include "test/support/connected.hpp"
#include "test/support/far_node.hpp"

#include <string>

namespace wsrelay::name_table_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  far_node one{node, 'a'};
  far_node two{node, 'b'};
  caf::actor first = one.spawn();
  caf::actor second = two.spawn();
  name_table names;

  const caf::actor* holder(const std::string& name) {
    auto* found = names.find(name);
    return found ? &found->who : nullptr;
  }

  bool has(const caf::actor& who, const std::string& name) {
    auto* found = holder(name);
    return found && *found == who;
  }

  strings all(std::string_view prefix = {}) {
    strings result;
    for (auto& entry : names.list(prefix))
      result.push_back(entry.name);
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "the first in line has the name, the next one "
                           "after it") {
  CHECK(names.add("chat", first) == place::first);
  CHECK(names.add("chat", second) == place::waiting);
  CHECK(names.add("chat", first) == place::first); // again: as before
  CHECK(has(first, "chat"));
  CHECK(names.remove("chat", first));
  CHECK_FALSE(names.remove("chat", first));
  CHECK(has(second, "chat"));
  CHECK(names.remove("chat", second));
  CHECK(holder("chat") == nullptr);
  CHECK(all().empty());
}

TEST_CASE_FIXTURE(fixture, "who waits can go without having had the name") {
  names.add("chat", first);
  names.add("chat", second);
  CHECK(names.remove("chat", second));
  CHECK_FALSE(names.has(second));
  names.remove_actor(first.address());
  CHECK(holder("chat") == nullptr);
}

TEST_CASE_FIXTURE(fixture, "of many names of one actor each can go by itself") {
  for (int i = 0; i < 100; ++i)
    names.add("room-" + std::to_string(i), first);
  for (int i = 0; i < 100; i += 2)
    CHECK(names.remove("room-" + std::to_string(i), first));
  CHECK(all().size() == 50);
  CHECK(has(first, "room-99"));
  CHECK(names.has(first));
  names.remove_actor(first.address());
  CHECK_FALSE(names.has(first));
  CHECK(all().empty());
}

TEST_CASE_FIXTURE(fixture, "an actor that has ended has no name, also before "
                           "this is told") {
  names.add("chat", first);
  names.add("chat", second);
  one.end(first);
  CHECK(has(second, "chat"));
  CHECK(names.list().size() == 1);
  two.end(second);
  CHECK(holder("chat") == nullptr);
  CHECK(names.list().empty());
}

TEST_CASE_FIXTURE(fixture, "an actor leaves every line, a node with all of its "
                           "actors") {
  auto third = one.spawn();
  names.add("a", first);
  names.add("b", first);
  names.add("b", third);
  names.add("b", second);
  names.add("c", third);
  names.remove_actor(first.address());
  CHECK(all() == strings{"b", "c"});
  CHECK(has(third, "b"));
  names.remove_node(one.id());
  CHECK(all() == strings{"b"});
  CHECK(has(second, "b"));
  CHECK_FALSE(names.has(third));
}

TEST_CASE_FIXTURE(fixture, "a node that is behind comes after everybody, until "
                           "it is not") {
  names.add("chat", first);
  names.add("echo", first);
  names.set_behind(one.id(), true);
  CHECK(has(first, "chat")); // nobody else wants it
  names.add("chat", second);
  CHECK(has(second, "chat"));
  names.remove_node(two.id());
  CHECK(has(first, "chat"));
  names.set_behind(one.id(), false);
  names.add("echo", second);
  CHECK(has(first, "echo"));
}

TEST_CASE_FIXTURE(fixture, "the list is sorted, and can be of one prefix") {
  for (std::string name : {"b.2", "a", "b", "b.1", "c"})
    names.add(name, first);
  CHECK(all() == strings{"a", "b", "b.1", "b.2", "c"});
  CHECK(all("b.") == strings{"b.1", "b.2"});
  CHECK(all("d").empty());
}

TEST_CASE_FIXTURE(fixture, "a node may put so many names and bytes, and so "
                           "many actors in one line") {
  names = name_table{{3, 10, 2}};
  auto third = one.spawn();
  CHECK(names.add("aaa", first, one.id()) == place::first);
  CHECK(names.add("bbb", first, one.id()) == place::first);
  SUBCASE("names") {
    CHECK(names.add("c", first, one.id()) == place::first);
    CHECK(names.add("d", first, one.id()) == place::refused);
    CHECK(all() == strings{"aaa", "bbb", "c"});
    CHECK(names.add("d", second, two.id()) == place::first);
    CHECK(names.add("e", first) == place::first); // this node's own
    names.remove("aaa", first);
    CHECK(names.add("f", first, one.id()) == place::first);
  }
  SUBCASE("bytes") {
    CHECK(names.add("ccccc", first, one.id()) == place::refused);
    CHECK(names.add("cccc", first, one.id()) == place::first);
  }
  SUBCASE("a line") {
    CHECK(names.add("aaa", second, two.id()) == place::waiting);
    CHECK(names.add("aaa", third, two.id()) == place::refused);
    names.remove_actor(second.address());
    CHECK(names.add("aaa", third, two.id()) == place::waiting);
  }
}

TEST_CASE_FIXTURE(fixture, "a hundred thousand names are put, and go one by "
                           "one with their actors") {
  constexpr std::size_t count = 100'000;
  std::vector<caf::actor> actors;
  for (std::size_t i = 0; i < count; ++i) {
    actors.push_back(one.spawn());
    names.add(std::to_string(i), actors.back(), one.id());
  }
  CHECK(names.add("more", first, one.id()) == place::refused);
  for (auto& who : actors)
    names.remove_actor(who.address());
  CHECK(names.list().empty());
  CHECK(names.add("more", first, one.id()) == place::first);
}

TEST_CASE_FIXTURE(fixture, "a page ends where it is full, and the next one "
                           "begins behind it") {
  for (std::string name : {"b", "d", "a", "c", "wsrelay.x"})
    names.add(name, first);
  auto read = [&](std::size_t bytes, std::string_view prefix = {}) {
    std::vector<strings> pages;
    directory_page page{{}, true};
    while (page.more) {
      auto after = page.rows.empty() ? std::string{} : page.rows.back().name;
      page = names.page(prefix, after, bytes);
      pages.emplace_back();
      for (auto& row : page.rows)
        pages.back().push_back(row.name);
    }
    return pages;
  };
  auto row_size = 1 + to_string(first).size();
  CHECK(read(1 << 20)
        == std::vector<strings>{{"a", "b", "c", "d", "wsrelay.x"}});
  CHECK(read(1)
        == std::vector<strings>{{"a"}, {"b"}, {"c"}, {"d"}, {"wsrelay.x"}});
  CHECK(read(2 * row_size - 1)
        == std::vector<strings>{{"a", "b"}, {"c", "d"}, {"wsrelay.x"}});
  CHECK(read(2 * row_size)
        == std::vector<strings>{{"a", "b"}, {"c", "d"}, {"wsrelay.x"}});
  CHECK(read(1 << 20, "wsrelay.") == std::vector<strings>{{"wsrelay.x"}});
  CHECK(read(1 << 20, "e") == std::vector<strings>{{}});
  CHECK(names.page({}, {}, 1 << 20).rows[0].pid == to_string(first));
}

TEST_CASE_FIXTURE(fixture, "a page leaves out who has ended") {
  names.add("a", first);
  names.add("b", second);
  one.end(first);
  auto page = names.page({}, {}, 1 << 20);
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].name == "b");
  CHECK_FALSE(page.more);
}

} // namespace wsrelay::name_table_test
