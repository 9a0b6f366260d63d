// What other nodes put, and what is left of it when they end, stop or come
// again.
#include "actors/directory.hpp"

#include "test/support/acceptor_fixture.hpp"
#include "test/support/far_node.hpp"
#include "test/support/line_sink.hpp"

namespace wsrelay::directory_peers_test {

using namespace wsrelay::test;
using namespace std::chrono_literals;

namespace {

struct fixture {
  checked_node node;
  caf::actor own = node.system().spawn(directory, std::string{"relay1"});
  far_node one{node, 'a'};
  far_node two{node, 'b'};

  ~fixture() { caf::anon_send_exit(own, caf::exit_reason::kill); }

  void hello(far_node& from, std::string name) {
    auto answer = from.ask(own, peer_hello{std::move(name), from.directory});
    REQUIRE(answer.match_elements<peer_hello>());
    CHECK(answer.get_as<peer_hello>(0).name == "relay1");
  }

  // A new actor of the node, put under a name.
  caf::actor put(far_node& from, std::string name, errc wanted = errc{}) {
    auto who = from.spawn();
    auto error = from.try_to(own, directory_put{std::move(name), who});
    if (wanted == errc{})
      CHECK(to_text(error) == "normal");
    else
      CHECK(is(error, wanted));
    return who;
  }

  caf::expected<caf::actor> get(std::string target) {
    return node.request<caf::actor>(own, directory_get{std::move(target)});
  }

  bool finds(std::string target, const caf::actor& who) {
    auto found = get(std::move(target));
    return found && *found == who;
  }

  bool fails(std::string target, errc code) {
    return is(get(std::move(target)).error(), code);
  }

  strings peers() {
    auto found = node.request<std::vector<peer_entry>>(own, peer_list{});
    REQUIRE(found);
    strings result;
    for (auto& each : *found)
      result.push_back(each.name + " " + to_string(each.directory.node())[0]);
    return result;
  }

  // Which of the node's directory's questions for this target were asked.
  bool is_asked(far_node& whom, const std::string& target) {
    auto reply = node.begin_request<caf::actor>(own, directory_get{target});
    node.run();
    auto asked = far_node::as_far(whom.directory).messages<directory_get>();
    return !asked.empty();
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "of two nodes that put one name the second one has "
                           "it as soon as the first one's actor ends") {
  hello(one, "app1");
  hello(two, "app2");
  auto first = put(one, "chat");
  auto second = put(two, "chat", errc::name_taken); // it waits
  CHECK(finds("chat", first));
  one.end(first);
  CHECK(finds("chat", second));
  two.end(second);
  CHECK(fails("chat", errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "the second one has it as well when the first one "
                           "takes it back, and when its node is lost") {
  hello(one, "app1");
  hello(two, "app2");
  auto first = put(one, "chat");
  auto second = put(two, "chat", errc::name_taken);
  CHECK_FALSE(one.try_to(own, directory_erase{"chat", first}));
  CHECK(finds("chat", second));
  CHECK(is(one.try_to(own, directory_put{"chat", first}), errc::name_taken));
  CHECK(finds("chat", second));
  two.lose();
  CHECK(finds("chat", first));
}

TEST_CASE_FIXTURE(fixture, "a name of this node stays with it, and a put from "
                           "elsewhere waits") {
  hello(one, "app1");
  probe chat{node};
  REQUIRE(node.request<void>(own, directory_put{"chat", chat}));
  auto theirs = put(one, "chat", errc::name_taken);
  CHECK(finds("chat", chat.actor()));
  probe other{node};
  auto again = node.request<void>(own, directory_put{"chat", other});
  CHECK(is(again.error(), errc::name_taken));
  chat.end();
  node.run();
  CHECK(finds("chat", theirs));
}

TEST_CASE_FIXTURE(fixture, "an offer of this node waits for a name that "
                           "another one has, here and at the peers") {
  hello(one, "app1");
  hello(two, "app2");
  auto theirs = put(one, "chat");
  probe chat{node};
  REQUIRE(node.request<void>(own, directory_offer{"chat", chat}));
  CHECK(finds("chat", theirs));
  for (auto* each : {&one, &two}) {
    auto puts = far_node::as_far(each->directory).messages<directory_put>();
    REQUIRE(puts.size() == 1);
    CHECK(puts[0].who == chat.actor());
  }
  SUBCASE("it has the name after that one") {
    one.end(theirs);
    CHECK(finds("chat", chat.actor()));
  }
  SUBCASE("it can be taken back, which leaves the other one") {
    REQUIRE(node.request<void>(own, directory_erase{"chat", nullptr}));
    CHECK(finds("chat", theirs));
    auto& far = far_node::as_far(two.directory);
    CHECK(far.messages<directory_erase>().size() == 1);
  }
}

TEST_CASE_FIXTURE(fixture, "what another node puts beyond its limits is "
                           "refused, and has room when something goes") {
  hello(one, "app1");
  auto first = put(one, "chat");
  for (std::size_t i = 1; i < name_limits{}.line; ++i)
    put(one, "chat", errc::name_taken);
  put(one, "chat", errc::busy);
  one.end(first);
  put(one, "chat", errc::name_taken);
}

TEST_CASE_FIXTURE(fixture, "names of the relay's own actors are given by the "
                           "node alone") {
  hello(one, "app1");
  probe acceptor{node};
  std::string name = "wsrelay.acceptor.gateway";
  auto refused = [&](auto message) {
    auto answer = node.request<void>(own, std::move(message));
    return is(answer.error(), errc::invalid_message)
           && answer.error().context().template get_as<std::string>(0)
                  == "names that begin with wsrelay. are the relay's own";
  };
  CHECK(refused(directory_put{name, acceptor}));
  CHECK(refused(directory_offer{name, acceptor}));
  put(one, name, errc::invalid_message);
  CHECK(fails(name, errc::no_such_target));
  REQUIRE(node.request<void>(own, directory_own{name, acceptor}));
  CHECK(finds(name, acceptor.actor()));
  REQUIRE(node.request<void>(own, directory_erase{name, nullptr}));
  CHECK(finds(name, acceptor.actor()));
  REQUIRE(node.request<void>(own, directory_own{name, nullptr}));
  CHECK(fails(name, errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "of two nodes with one name the newer one is meant, "
                           "and when it ends the older one again") {
  hello(one, "app1");
  auto older = put(one, "chat");
  hello(two, "app1");
  CHECK(peers() == strings{"app1 B"});
  CHECK(finds("chat", older)); // nobody else has brought it
  auto newer = put(two, "chat");
  CHECK(finds("chat", newer));
  CHECK(is_asked(two, "x@app1"));
  CHECK(is_asked(one, "7@" + to_string(one.id()))); // it is connected
  SUBCASE("the newer one is lost") {
    two.lose();
  }
  SUBCASE("the newer one says goodbye") {
    CHECK_FALSE(two.try_to(own, peer_goodbye{}));
  }
  CHECK(peers() == strings{"app1 A"});
  CHECK(finds("chat", older));
}

TEST_CASE_FIXTURE(fixture, "when the older one of two nodes with one name ends "
                           "nothing changes") {
  hello(one, "app1");
  auto older = put(one, "chat");
  hello(two, "app1");
  auto newer = put(two, "chat");
  one.lose();
  CHECK(peers() == strings{"app1 B"});
  CHECK(finds("chat", newer));
  hello(two, "app1"); // a second time
  CHECK(peers() == strings{"app1 B"});
}

TEST_CASE_FIXTURE(fixture, "a node that says goodbye is forgotten at once, "
                           "with all names of its actors") {
  hello(one, "app1");
  hello(two, "app2");
  put(one, "only");
  put(one, "chat");
  auto second = put(two, "chat", errc::name_taken);
  CHECK_FALSE(one.try_to(own, peer_goodbye{}));
  CHECK(peers() == strings{"app2 B"});
  CHECK(fails("only", errc::no_such_target));
  CHECK(fails("only@app1", errc::no_such_peer));
  CHECK(fails("7@" + to_string(one.id()), errc::no_such_peer));
  CHECK(finds("chat", second));
  one.lose();
  CHECK(finds("chat", second));
}

TEST_CASE_FIXTURE(fixture, "only a known node can say goodbye, and for itself "
                           "alone") {
  hello(one, "app1");
  CHECK_FALSE(two.try_to(own, peer_goodbye{}));
  REQUIRE(node.request<void>(own, peer_goodbye{}));
  CHECK(peers() == strings{"app1 A"});
}

TEST_CASE_FIXTURE(fixture, "a node that stops tells its peers, and waits for "
                           "them only so long") {
  hello(one, "app1");
  hello(two, "app2");
  auto reply = node.begin_request<void>(own, directory_stop{});
  node.run();
  for (auto* each : {&one, &two})
    CHECK(far_node::as_far(each->directory).messages<peer_goodbye>().size()
          == 1);
  CHECK_FALSE(reply.answered());
  auto late = two.try_to(own, peer_hello{"app3", two.spawn()});
  CHECK(is(late, errc::closing));
  node.advance(goodbye_patience - 1ms);
  CHECK_FALSE(reply.answered());
  node.advance(1ms);
  CHECK(reply.answered());
  CHECK(node.request<void>(own, directory_stop{})); // a second time
}

TEST_CASE_FIXTURE(fixture, "a node that starts again is introduced and offers "
                           "what it has, without a new connection") {
  hello(one, "app1");
  probe chat{node};
  REQUIRE(node.request<void>(own, directory_offer{"chat", chat}));
  node.begin_request<void>(own, directory_stop{});
  node.advance(goodbye_patience);
  far_node::as_far(one.directory).got.clear();
  REQUIRE(node.request<void>(own, directory_start{}));
  auto& far = far_node::as_far(one.directory);
  CHECK(far.messages<peer_hello>().size() == 1);
  CHECK(far.messages<directory_put>().size() == 1);
  hello(two, "app2");
}

TEST_CASE_FIXTURE(fixture, "a node that takes batches is told many names at "
                           "once, and the next ones when it has answered") {
  one.ask(own, peer_hello{"app1", one.directory, this_version()});
  hello(two, "app2"); // of protocol 1
  std::vector<std::unique_ptr<probe>> targets;
  directory_offers offers;
  for (std::size_t i = 0; i < max_name_batch + 1; ++i) {
    targets.push_back(std::make_unique<probe>(node));
    offers.entries.push_back({"name" + std::to_string(i), *targets.back()});
  }
  REQUIRE(node.request<void>(own, offers));
  auto& far = far_node::as_far(one.directory);
  REQUIRE(far.messages<directory_puts>().size() == 1);
  CHECK(far.messages<directory_puts>()[0].entries.size() == max_name_batch);
  CHECK(far.messages<directory_put>().empty());
  auto& old = far_node::as_far(two.directory);
  CHECK(old.messages<directory_put>().size() == offers.entries.size());
  CHECK(old.messages<directory_puts>().empty());
  one.answer(directory_puts_answer{{1}, {2}});
  REQUIRE(far.messages<directory_puts>().size() == 2);
  CHECK(far.messages<directory_puts>()[1].entries.size() == 1);
  REQUIRE(node.request<void>(own, directory_erase{"name7", nullptr}));
  CHECK(far.messages<directory_erases>().empty()); // it comes after the other
  one.answer(directory_puts_answer{{}, {}});
  REQUIRE(far.messages<directory_erases>().size() == 1);
  CHECK(far.messages<directory_erases>()[0].entries[0].name == "name7");
  CHECK(old.messages<directory_erase>().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a batch is put name by name, and the answer says "
                           "who waits and who was refused") {
  hello(one, "app1");
  probe taken{node};
  REQUIRE(node.request<void>(own, directory_put{"b", taken}));
  auto who = one.spawn();
  auto ended = one.spawn();
  one.end(ended);
  auto answer = one.ask(own, directory_puts{{{"a", who},
                                             {"b", who},
                                             {"wsrelay.c", who},
                                             {"d", ended},
                                             {"e", nullptr},
                                             {"f", who}}});
  REQUIRE(answer.match_elements<directory_puts_answer>());
  auto& said = answer.get_as<directory_puts_answer>(0);
  CHECK(said.waiting == std::vector<std::uint32_t>{1});
  CHECK(said.refused == std::vector<std::uint32_t>{2, 3, 4});
  CHECK(finds("a", who));
  CHECK(finds("b", taken.actor()));
  CHECK(finds("f", who));
  CHECK_FALSE(
      one.try_to(own, directory_erases{{{"a", who}, {"b", taken.actor()}}}));
  CHECK(fails("a", errc::no_such_target));
  CHECK(finds("f", who));
}

TEST_CASE_FIXTURE(fixture, "a batch that is larger than any is refused, and "
                           "so is one of this node") {
  hello(one, "app1");
  auto who = one.spawn();
  std::vector<directory_entry> entries(max_name_batch, {"a", who});
  auto full = one.ask(own, directory_puts{entries});
  CHECK(full.match_elements<directory_puts_answer>());
  CHECK_FALSE(one.try_to(own, directory_erases{entries}));
  entries.push_back({"b", who});
  CHECK(is(one.try_to(own, directory_puts{entries}), errc::invalid_message));
  CHECK(is(one.try_to(own, directory_erases{entries}), errc::invalid_message));
  CHECK(fails("b", errc::no_such_target));
  auto local =
      node.request<directory_puts_answer>(own, directory_puts{{{"c", who}}});
  CHECK(is(local.error(), errc::invalid_message));
}

TEST_CASE_FIXTURE(fixture, "of many offers one that cannot be hinders all") {
  probe chat{node};
  probe other{node};
  REQUIRE(node.request<void>(own, directory_put{"taken", other}));
  auto refused = node.request<void>(
      own, directory_offers{{{"one", chat}, {"taken", chat}}});
  CHECK(is(refused.error(), errc::name_taken));
  CHECK(fails("one", errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "an answer that names more than was asked is "
                           "nothing") {
  captured_log log;
  one.ask(own, peer_hello{"app1", one.directory, this_version()});
  probe chat{node};
  REQUIRE(node.request<void>(own, directory_offer{"chat", chat}));
  one.answer(directory_puts_answer{std::vector<std::uint32_t>(9, 0), {77}});
  CHECK_FALSE(log.sink->has("offer"));
}

TEST_CASE("connections to a node that says goodbye close before that is "
          "answered, and no other") {
  accepting here;
  auto& node = here.node;
  auto own = node.system().spawn(directory, std::string{"relay1"});
  {
    far_node one{node, 'a'}, two{node, 'b'};
    REQUIRE(node.request<void>(
        own, directory_own{"wsrelay.acceptor.gateway.0", here.actor}));
    for (auto* each : {&one, &two})
      each->ask(own,
                peer_hello{each == &one ? "app1" : "app2", each->directory});
    auto target = one.spawn(), other = two.spawn();
    auto leaving = here.open_now(target), staying = here.open_now(other);
    node.run();
    CHECK_FALSE(one.try_to(own, peer_goodbye{}));
    REQUIRE(leaving.close_frame());
    CHECK(leaving.close_frame()->code == 1001);
    CHECK_FALSE(staying.close_frame());
    // A join that was not answered: it may still be, so it ends with a leave.
    auto leaves = far_node::as_far(target).messages<ws_leave>();
    CHECK(leaves.size() == 1);
    CHECK(far_node::as_far(other).messages<ws_leave>().empty());
  }
  caf::anon_send_exit(own, caf::exit_reason::kill);
}

TEST_CASE("a target that has joined gets its leave, with the reason shutdown") {
  connected scene;
  scene.node.send(scene.client.actor(),
                  node_stops{scene.node.system().node(), nullptr});
  scene.node.run();
  REQUIRE(scene.target.leaves().size() == 1);
  CHECK(scene.target.leaves()[0].reason == leave_reason::shutdown);
  CHECK(scene.target.leaves()[0].code == 1001);
  REQUIRE(scene.client.close_frame());
  CHECK(scene.client.close_frame()->code == 1001);
}

} // namespace wsrelay::directory_peers_test
