// Groups of several nodes: who is told what, and what goes to whom.
#include "test/support/connected.hpp"
#include "test/support/far_node.hpp"

#include "actors/directory.hpp"
#include "actors/group_table.hpp"
#include "actors/groups.hpp"

namespace wsrelay::groups_nodes_test {

using namespace wsrelay::test;

namespace {

caf::behavior sleeper(caf::event_based_actor*) {
  return {[](const ws_send&) {}};
}

struct fixture {
  checked_node node;
  probe target{node};
  caf::actor own = node.system().spawn(directory, std::string{"relay1"});
  far_node one{node, 'a'};
  far_node two{node, 'b'};

  ~fixture() { caf::anon_send_exit(own, caf::exit_reason::kill); }

  void hello(far_node& from, std::string name,
             node_version version = this_version()) {
    from.ask(own, peer_hello{std::move(name), from.directory, version});
    auto& directory = far_node::as_far(from.directory);
    REQUIRE(directory.messages<peer_hello>().size() == 1);
  }

  // Stands for a connection.
  caf::actor join(strings groups) {
    auto who = node.system().spawn(sleeper);
    REQUIRE(node.request<void>(own, group_change{who, std::move(groups), {}}));
    return who;
  }

  void send(std::string group, std::string text, std::string except = {}) {
    REQUIRE(node.request<void>(
        own, group_send{std::move(group),
                        {message_type::text, shared_buffer{text}},
                        std::move(except)}));
    node.run();
  }

  // "+a -b", a batch in brackets.
  static std::string told(far_node& whom) {
    std::string result;
    for (auto& news : far_node::as_far(whom.directory).messages<group_news>()) {
      result += "[";
      for (auto& each : news.here)
        result += "+" + each;
      for (auto& each : news.gone)
        result += "-" + each;
      result += "]";
    }
    return result;
  }

  static std::string got(far_node& whom) {
    std::string result;
    for (auto& each : far_node::as_far(whom.directory).messages<group_relay>())
      result += each.group + ":"
                + (each.closes ? std::to_string(each.close.code)
                               : std::string{each.message.data.view()})
                + (each.except_pid.empty() ? "" : "-" + each.except_pid) + " ";
    return result;
  }

  caf::error tell(far_node& from, strings here, strings gone = {}) {
    return from.try_to(own, group_news{std::move(here), std::move(gone)});
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a node is told once which groups have members") {
  join({"a", "b"});
  hello(one, "app1");
  CHECK(told(one) == "[+a+b]");
  one.answer();
  auto who = join({"a", "c"}); // a has had one
  CHECK(told(one) == "[+a+b][+c]");
  one.answer();
  caf::anon_send_exit(who, caf::exit_reason::kill);
  node.run();
  CHECK(told(one) == "[+a+b][+c][-c]");
}

TEST_CASE_FIXTURE(fixture, "a node that does not answer is told the rest "
                           "later, and no more than once at a time") {
  hello(one, "app1");
  join({"a"});
  join({"b"});
  CHECK(told(one) == "[+a]");
  node.advance(group_patience);
  CHECK(told(one) == "[+a]");
  node.advance(group_retry);
  CHECK(told(one) == "[+a][+a+b]");
}

TEST_CASE_FIXTURE(fixture, "a node of before there were groups hears nothing "
                           "of them") {
  auto before = this_version();
  before.features = {std::string{feature_pages}};
  hello(one, "app1", before);
  hello(two, "app2", {});
  join({"a"});
  CHECK(told(one) == "");
  CHECK(told(two) == "");
}

TEST_CASE_FIXTURE(fixture, "a message goes once to each node that has members, "
                           "and to no other") {
  hello(one, "app1");
  hello(two, "app2");
  join({"a"});
  CHECK(to_text(tell(one, {"a", "b"})) == "normal");
  CHECK(to_text(tell(two, {"b"})) == "normal");
  send("a", "x", "7@far");
  send("b", "y");
  send("c", "z");
  CHECK(got(one) == "a:x-7@far b:y ");
  CHECK(got(two) == "b:y ");
  CHECK(to_text(tell(one, {}, {"a"})) == "normal");
  REQUIRE(node.request<void>(own, group_close{"b", {4001, "go"}}));
  send("a", "v");
  CHECK(got(one) == "a:x-7@far b:y b:4001 ");
}

TEST_CASE_FIXTURE(fixture, "a lost node has no members") {
  hello(one, "app1");
  join({"a"});
  tell(one, {"a"});
  one.lose();
  send("a", "x");
  CHECK(got(one) == "");
}

TEST_CASE_FIXTURE(fixture, "who has not said hello tells nothing") {
  join({"a"});
  CHECK(is(tell(one, {"a"}), errc::no_such_peer));
  send("a", "x");
  CHECK(got(one) == "");
}

TEST_CASE_FIXTURE(fixture, "what comes from another node stays here") {
  hello(one, "app1");
  hello(two, "app2");
  fake_client client = node.connect(target);
  node.run();
  REQUIRE(node.request<void>(own, group_change{client.actor(), {"a"}, {}}));
  tell(two, {"a"});
  auto pass = [&](group_relay message) {
    caf::anon_send(own, std::move(message));
    node.run();
  };
  group_relay message{"a", ""};
  message.message.data = shared_buffer{"x"};
  pass(message);
  CHECK(client.take().size() == 1);
  CHECK(got(two) == "");
  message.message.data = shared_buffer{"\xff"}; // no text
  pass(message);
  CHECK(client.take().empty());
  message.closes = true;
  message.close = {4002, "over"};
  pass(message);
  CHECK(client.close_frame()->code == 4002);
}

TEST_CASE_FIXTURE(fixture, "another node cannot change who is in a group") {
  hello(one, "app1");
  auto who = one.spawn();
  CHECK(
      is(one.try_to(own, group_change{who, {"a"}, {}}), errc::invalid_message));
  CHECK(is(one.try_to(own, group_change{caf::actor{target}, {"a"}, {}}),
           errc::invalid_message));
  auto found = node.request<group_count>(own, group_count_get{"a"});
  CHECK(found->members == 0);
}

TEST_CASE_FIXTURE(fixture, "members are counted on all nodes") {
  hello(one, "app1");
  hello(two, "app2");
  join({"a"});
  tell(one, {"a"});
  tell(two, {"b"});
  auto reply = node.begin_request<group_count>(own, group_count_get{"a"});
  node.run();
  CHECK_FALSE(reply.answered());
  auto asked = far_node::as_far(one.directory).messages<group_count_get>();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].only_here);
  one.answer(); // its news
  one.answer(group_count{5, 1});
  REQUIRE(reply.answered());
  CHECK(reply.get()->members == 6);
  CHECK(reply.get()->nodes == 2);
  CHECK(reply.get()->is_complete);
}

TEST_CASE_FIXTURE(fixture, "a node that does not answer is left out of the "
                           "count, and that is told") {
  hello(one, "app1");
  join({"a"});
  tell(one, {"a"});
  auto reply = node.begin_request<group_count>(own, group_count_get{"a"});
  node.run();
  node.advance(group_patience);
  REQUIRE(reply.answered());
  CHECK(reply.get()->members == 1);
  CHECK_FALSE(reply.get()->is_complete);
}

} // namespace wsrelay::groups_nodes_test
