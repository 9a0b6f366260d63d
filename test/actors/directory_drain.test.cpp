// The directory when nodes drain: whose names step back, and who is told.
#include "actors/directory.hpp"

#include "test/support/connected.hpp"
#include "test/support/far_node.hpp"
#include "test/support/line_sink.hpp"

namespace wsrelay::directory_drain_test {

using namespace wsrelay::test;

namespace {

// An actor that is told of a drain.
class watcher {
public:
  explicit watcher(test_node& node)
      : actor_{node.system().spawn(
          [heard = heard_](caf::event_based_actor* self) -> caf::behavior {
            return {[self, heard](const node_draining& message) {
              CHECK_FALSE(self->current_sender());
              heard->push_back(message.deadline.count());
            }};
          })} {}
  ~watcher() { end(); }

  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

  void end() { caf::anon_send_exit(actor_, caf::exit_reason::kill); }
  operator const caf::actor&() const noexcept { return actor_; }

  // The deadlines in milliseconds.
  const std::vector<std::int64_t>& heard() const { return *heard_; }

private:
  std::shared_ptr<std::vector<std::int64_t>> heard_ =
      std::make_shared<std::vector<std::int64_t>>();
  caf::actor actor_;
};

using deadlines = std::vector<std::int64_t>;

struct fixture {
  checked_node node;
  caf::actor own = node.system().spawn(directory, std::string{"relay1"});
  far_node one{node, 'a'};
  far_node two{node, 'b'};

  fixture() {
    one.ask(own, peer_hello{"app1", one.directory});
    two.ask(own, peer_hello{"app2", two.directory});
  }

  ~fixture() { caf::anon_send_exit(own, caf::exit_reason::kill); }

  // A new actor of the node, in line for a name.
  caf::actor put(far_node& from, std::string name) {
    auto who = from.spawn();
    from.try_to(own, directory_put{std::move(name), who});
    return who;
  }

  bool finds(std::string target, const caf::actor& who) {
    auto found =
        node.request<caf::actor>(own, directory_get{std::move(target)});
    return found && *found == who;
  }

  bool step(std::string name, bool back) {
    return static_cast<bool>(
        node.request<void>(own, peer_step_back{std::move(name), back}));
  }

  caf::error watch(const caf::actor& who) {
    auto answer = node.request<void>(own, drain_watch{who});
    return answer ? caf::error{} : answer.error();
  }

  void drain(milliseconds deadline = milliseconds{25'000}) {
    node.send(own, directory_drain{deadline});
    node.run();
  }

  std::size_t watchers() {
    return static_cast<directory_actor*>(
               caf::actor_cast<caf::abstract_actor*>(own))
        ->state.drain_watchers.size();
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "names of a peer that steps back go behind those of "
                           "others, and come back in their place") {
  auto first = put(one, "chat");
  auto alone = put(one, "alone");
  auto second = put(two, "chat");
  CHECK(finds("chat", first));
  REQUIRE(step("app1", true));
  CHECK(finds("chat", second));
  CHECK(finds("alone", alone)); // nobody else has it
  REQUIRE(step("app1", true));  // a second time
  CHECK(finds("chat", second));
  REQUIRE(step("app1", false));
  two.end(second);
  CHECK(finds("chat", first));
}

TEST_CASE_FIXTURE(fixture, "when it steps forward it is among the others "
                           "again, as whoever comes later is") {
  auto first = put(one, "chat");
  auto second = put(two, "chat");
  REQUIRE(step("app1", true));
  REQUIRE(step("app1", false));
  CHECK(finds("chat", second)); // who has a name keeps it
  REQUIRE(step("app2", true));
  CHECK(finds("chat", first));
}

TEST_CASE_FIXTURE(fixture, "what it puts and what others put later finds its "
                           "place") {
  auto kept = put(one, "kept"); // it has a name all the time
  REQUIRE(step("app1", true));
  auto first = put(one, "chat");
  CHECK(finds("chat", first));
  auto second = put(two, "chat");
  CHECK(finds("chat", second));
  auto news = put(two, "news");
  put(one, "news");
  CHECK(finds("news", news));
  CHECK(finds("kept", kept));
}

TEST_CASE_FIXTURE(fixture, "an offer of this node goes before a peer that "
                           "steps back") {
  auto theirs = put(one, "chat");
  probe chat{node};
  REQUIRE(node.request<void>(own, directory_offer{"chat", chat}));
  CHECK(finds("chat", theirs));
  REQUIRE(step("app1", true));
  CHECK(finds("chat", chat.actor()));
  chat.end();
  node.run();
  CHECK(finds("chat", theirs));
}

TEST_CASE_FIXTURE(fixture, "among peers that all step back nothing changes") {
  auto first = put(one, "chat");
  put(two, "chat");
  REQUIRE(step("app2", true));
  CHECK(finds("chat", first));
  REQUIRE(step("app1", true));
  CHECK(finds("chat", first));
}

TEST_CASE_FIXTURE(fixture, "a peer that steps back is still known by its name "
                           "and by PIDs") {
  put(one, "chat");
  REQUIRE(step("app1", true));
  auto reply = node.begin_request<caf::actor>(own, directory_get{"chat@app1"});
  node.run();
  auto asked = far_node::as_far(one.directory).messages<directory_get>();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].target == "chat");
}

TEST_CASE_FIXTURE(fixture, "a peer without a name steps back, too") {
  CHECK(step("app1", true));
  put(one, "chat");
  auto second = put(two, "chat");
  CHECK(finds("chat", second));
}

TEST_CASE_FIXTURE(fixture, "a step outlives the last name of a peer") {
  auto last = put(one, "last");
  CHECK(step("app1", true));
  caf::anon_send_exit(last, caf::exit_reason::kill);
  node.run();
  put(one, "chat");
  auto second = put(two, "chat");
  CHECK(finds("chat", second));
}

TEST_CASE_FIXTURE(fixture, "a step ends with the node") {
  put(one, "chat");
  auto second = put(two, "chat");
  REQUIRE(step("app1", true));
  one.lose();
  CHECK(finds("chat", second));
  far_node again{node, 'c'};
  again.ask(own, peer_hello{"app1", again.directory});
  auto news = put(again, "news");
  put(two, "news");
  CHECK(finds("news", news));
}

TEST_CASE_FIXTURE(fixture, "who is no peer steps nowhere") {
  for (std::string name : {"app3", "relay1", ""}) {
    auto answer = node.request<void>(own, peer_step_back{name, true});
    CHECK(is(answer.error(), errc::no_such_peer));
  }
  one.lose();
  auto answer = node.request<void>(own, peer_step_back{"app1", false});
  CHECK(is(answer.error(), errc::no_such_peer));
  node.send(own, peer_step_back{"app3", true}); // nobody asked
  node.run();
}

TEST_CASE_FIXTURE(fixture, "a step may be asked for by another node, and the "
                           "log tells of it") {
  captured_log log;
  put(one, "chat");
  auto second = put(two, "chat");
  CHECK_FALSE(two.try_to(own, peer_step_back{"app1", true}));
  CHECK(finds("chat", second));
  CHECK(
      log.sink->has("peer steps back: name=app1 node=" + to_string(one.id())));
  REQUIRE(step("app1", false));
  CHECK(log.sink->has("peer steps forward: name=app1 node="));
}

TEST_CASE_FIXTURE(fixture, "who watches is told of the drain, once however "
                           "often it asked") {
  watcher first{node}, second{node}, other{node};
  for (int i = 0; i < 3; ++i)
    CHECK_FALSE(watch(first));
  CHECK_FALSE(watch(second));
  CHECK(watchers() == 2);
  CHECK(first.heard().empty());
  drain(milliseconds{7'000});
  CHECK(first.heard() == deadlines{7'000});
  CHECK(second.heard() == deadlines{7'000});
  CHECK(other.heard().empty());
}

TEST_CASE_FIXTURE(fixture, "a node that was started again tells its watchers "
                           "again") {
  watcher who{node};
  CHECK_FALSE(watch(who));
  drain(milliseconds{1});
  drain(milliseconds{2});
  CHECK(who.heard() == deadlines{1, 2});
}

TEST_CASE_FIXTURE(fixture, "a drain that nobody watches is told nobody") {
  drain();
  CHECK(watchers() == 0);
}

TEST_CASE_FIXTURE(fixture, "watchers that have ended are forgotten") {
  watcher first{node}, second{node}, last{node};
  CHECK_FALSE(watch(first));
  CHECK_FALSE(watch(second));
  first.end();
  second.end();
  node.run();
  CHECK_FALSE(watch(last));
  CHECK(watchers() == 1);
  last.end();
  node.run();
  drain(); // reaches nobody
  CHECK(first.heard().empty());
  CHECK(last.heard().empty());
}

TEST_CASE_FIXTURE(fixture, "only actors of the own node watch") {
  watcher here{node};
  auto there = one.spawn();
  CHECK(is(watch(there), errc::invalid_message));
  CHECK(is(watch(nullptr), errc::invalid_message));
  CHECK(is(one.try_to(own, drain_watch{there}), errc::invalid_message));
  CHECK(is(one.try_to(own, drain_watch{here}), errc::invalid_message));
  CHECK(watchers() == 0);
  drain();
  CHECK(here.heard().empty());
  CHECK(far_node::as_far(there).messages<node_draining>().empty());
}

} // namespace wsrelay::directory_drain_test
