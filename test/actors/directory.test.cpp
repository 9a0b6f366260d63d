// The directory: names to actors, PIDs to handles.
#include "actors/directory.hpp"

#include "actors/pid_text.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::directory_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  probe first{node};
  probe second{node};

  caf::error put_error(std::string name, const caf::actor& who) {
    auto answer = node.put(std::move(name), who);
    return answer ? caf::error{} : answer.error();
  }

  caf::expected<caf::actor> get(std::string target) {
    return node.request<caf::actor>(node.directory(),
                                    directory_get{std::move(target)});
  }

  bool fails(std::string target, errc code) {
    auto answer = get(std::move(target));
    return !answer && is(answer.error(), code);
  }

  bool finds(std::string target, const caf::actor& who) {
    auto answer = get(std::move(target));
    return answer && *answer == who;
  }

  strings names() {
    auto entries = node.request<std::vector<directory_entry>>(node.directory(),
                                                              directory_list{});
    REQUIRE(entries);
    strings result;
    for (auto& entry : *entries)
      result.push_back(entry.name);
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a name leads to its actor") {
  CHECK_FALSE(put_error("chat", first));
  CHECK(finds("chat", first));
  CHECK(fails("Chat", errc::no_such_target));
  CHECK(fails("", errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "an error that somebody sends ends no directory") {
  node.send(node.directory(), make_error(errc::busy));
  node.run();
  CHECK_FALSE(put_error("chat", first));
}

TEST_CASE_FIXTURE(fixture, "the end of nobody ends nobody's name") {
  REQUIRE_FALSE(put_error("chat", first));
  node.send(node.directory(), caf::down_msg{{}, caf::exit_reason::kill});
  CHECK(finds("chat", first));
}

TEST_CASE_FIXTURE(fixture, "a name is any text in UTF-8") {
  for (std::string name : {"caf\xC3\xA9", "a room with spaces", "12",
                           "longer than ten characters", "\xF0\x9F\x98\x80"}) {
    CHECK_FALSE(put_error(name, first));
    CHECK(finds(name, first));
  }
}

TEST_CASE_FIXTURE(fixture, "a name that could not be asked for is refused") {
  for (std::string name : {"", "a@b", "\xFF", "a\nb"})
    CHECK(is(put_error(name, first), errc::invalid_message));
  CHECK(is(put_error(std::string(257, 'x'), first), errc::invalid_message));
  CHECK_FALSE(put_error(std::string(256, 'x'), first));
}

TEST_CASE_FIXTURE(fixture, "a name that is taken stays with its actor") {
  CHECK_FALSE(put_error("chat", first));
  CHECK(is(put_error("chat", second), errc::name_taken));
  CHECK_FALSE(put_error("chat", first)); // again: nothing to do
  CHECK(finds("chat", first));
}

TEST_CASE_FIXTURE(fixture, "an actor that ends loses all its names") {
  CHECK_FALSE(put_error("a", first));
  CHECK_FALSE(put_error("b", first));
  CHECK_FALSE(put_error("c", second));
  first.end();
  node.run();
  CHECK(names() == strings{"c"});
  CHECK(fails("a", errc::no_such_target));
  CHECK_FALSE(put_error("a", second));
  CHECK(finds("a", second));
}

TEST_CASE_FIXTURE(fixture, "an actor with two names keeps one without the "
                           "other, until it ends") {
  CHECK_FALSE(put_error("a", first));
  CHECK_FALSE(put_error("b", first));
  CHECK(node.request<void>(node.directory(), directory_erase{"a", nullptr}));
  CHECK(fails("a", errc::no_such_target));
  CHECK(finds("b", first));
  first.crash();
  node.run();
  CHECK(names().empty());
}

TEST_CASE_FIXTURE(fixture, "erasing a name that is not there is no error") {
  CHECK(
      node.request<void>(node.directory(), directory_erase{"nobody", nullptr}));
}

TEST_CASE_FIXTURE(fixture, "an actor that has ended gets no name") {
  first.end();
  node.run();
  CHECK(is(put_error("late", first), errc::no_such_target));
  CHECK(is(put_error("none", caf::actor{}), errc::no_such_target));
  CHECK(names().empty());
}

TEST_CASE_FIXTURE(fixture, "a name is free as soon as its actor has ended") {
  CHECK_FALSE(put_error("chat", first));
  caf::actor holder = first;
  // This comes before the directory is told.
  holder->attach_functor([&] {
    caf::anon_send(node.directory(), directory_put{"chat", second});
  });
  first.end();
  node.run();
  CHECK(finds("chat", second));
  second.end();
  node.run();
  CHECK(names().empty());
}

TEST_CASE_FIXTURE(fixture, "the list is sorted") {
  for (std::string name : {"b", "c", "a", "B"})
    CHECK_FALSE(put_error(name, first));
  CHECK(names() == strings{"B", "a", "b", "c"});
}

TEST_CASE_FIXTURE(fixture, "a PID that was published leads to its actor") {
  auto pid = publish_pid(first);
  CHECK(pid == to_string(first.actor()));
  CHECK(finds(pid, first));
  CHECK(fails(to_string(second.actor()), errc::no_such_target));
  first.end();
  node.run();
  CHECK(fails(pid, errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "a PID of who has a name leads to its actor, also "
                           "where nobody else has a handle") {
  auto pid = pid_text(first.actor().id(), first.actor().node());
  CHECK(fails(pid, errc::no_such_target));
  REQUIRE_FALSE(put_error("chat", first));
  REQUIRE_FALSE(put_error("news", first));
  CHECK(finds(pid, first.actor()));
  first.end();
  node.run();
  CHECK(fails(pid, errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "a connection's PID leads to it while it lives") {
  auto client = node.connect(first);
  node.run();
  std::string pid{first.joins()[0].client_pid.view()};
  CHECK(finds(pid, client.actor()));
  client.lose();
  node.run();
  CHECK(fails(pid, errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "a PID or a name of another node is unknown") {
  CHECK(fails("1@" + std::string(40, 'A') + "#1", errc::no_such_peer));
  CHECK(fails("chat@app1", errc::no_such_peer));
  CHECK(fails("0@" + to_string(node.system().node()), errc::no_such_target));
}

TEST_CASE("a look-up that is no request and fails does not end its sender") {
  checked_node node;
  auto directory = node.directory();
  auto asking = [directory](caf::event_based_actor* self) -> caf::behavior {
    self->send(directory, directory_get{"nobody"});
    return {[](int number) { return number; }};
  };
  auto sender = node.system().spawn(asking);
  node.run();
  CHECK(node.request<int>(sender, 7) == 7);
}

} // namespace wsrelay::directory_test
