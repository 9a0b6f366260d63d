// Messages to groups, and who is in them, on one node.
#include "test/support/connected.hpp"

#include "actors/pid_text.hpp"
#include "protocol/group.hpp"

#include <map>

namespace wsrelay::groups_test {

using namespace wsrelay::test;

namespace {

client_options in(strings groups) {
  client_options result;
  result.groups = std::move(groups);
  return result;
}

ws_control change(strings join, strings leave = {}) {
  ws_control result;
  result.join_groups = std::move(join);
  result.leave_groups = std::move(leave);
  return result;
}

struct fixture : connected {
  fake_client ann{node.connect(target, in({"all", "ann"}))};
  fake_client bob{node.connect(target, in({"all"}))};

  fixture() { node.run(); }

  template <class Message>
  caf::error ask(Message message) {
    auto reply = node.begin_request<void>(node.directory(), std::move(message));
    node.run();
    REQUIRE(reply.answered());
    return reply.error();
  }

  void send(std::string group, std::string text, std::string except = {}) {
    CHECK_FALSE(ask(group_send{std::move(group),
                               {message_type::text, shared_buffer{text}},
                               std::move(except)}));
  }

  static strings texts(fake_client who) {
    strings result;
    for (auto& each : who.take())
      result.push_back(each.data);
    return result;
  }

  std::uint64_t count(std::string group) {
    auto found = node.request<group_count>(node.directory(),
                                           group_count_get{std::move(group)});
    REQUIRE(found);
    CHECK(found->is_complete);
    CHECK(found->nodes == (found->members > 0 ? 1 : 0));
    return found->members;
  }

  caf::error control(const fake_client& whom, ws_control message) {
    auto reply = node.begin_request<void>(whom.actor(), std::move(message));
    node.run();
    REQUIRE(reply.answered());
    return reply.error();
  }

  std::string pid_of(const fake_client& whom) {
    return pid_text(whom.actor().id(), whom.actor().node());
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "what is sent to a group gets who is in it") {
  send("all", "a");
  send("ann", "b");
  send("nobody", "c");
  CHECK(texts(ann) == strings{"a", "b"});
  CHECK(texts(bob) == strings{"a"});
  CHECK(texts(client) == strings{});
}

TEST_CASE_FIXTURE(fixture, "events and ends go to groups, too") {
  CHECK_FALSE(ask(group_event{"all", {"news", R"({"a":1})"}}));
  CHECK(texts(ann) == strings{R"({"topic":"news","data":{"a":1}})"});
  CHECK_FALSE(ask(group_close{"all", {4001, "go"}}));
  CHECK(ann.close_frame()->code == 4001);
  CHECK(bob.close_frame()->code == 4001);
  CHECK_FALSE(client.close_frame());
}

TEST_CASE_FIXTURE(fixture, "one may be left out") {
  send("all", "a", pid_of(ann));
  CHECK(texts(ann) == strings{});
  CHECK(texts(bob) == strings{"a"});
  send("all", "b", "no pid");
  send("all", "c", "1@elsewhere");
  CHECK(texts(ann) == strings{"b", "c"});
}

TEST_CASE_FIXTURE(fixture, "what no client gets is an error") {
  ws_send bad{message_type::text, shared_buffer{"\xff"}};
  CHECK(is(ask(group_send{"all", bad}), errc::invalid_utf8));
  CHECK(is(ask(group_event{"all", {"ws.x", "1"}}), errc::reserved_topic));
  CHECK(is(ask(group_event{"all", {"x", "{"}}), errc::invalid_json));
  CHECK(is(ask(group_send{"a b", {}}), errc::invalid_message));
  CHECK(is(ask(group_close{"all", {999, ""}}), errc::invalid_close));
  CHECK(is(ask(group_close{"all", {1000, std::string(124, 'r')}}),
           errc::invalid_close));
  CHECK_FALSE(ann.close_frame());
  CHECK(texts(ann) == strings{});
}

TEST_CASE_FIXTURE(fixture, "a control changes what a connection is in") {
  CHECK_FALSE(control(bob, change({"ann", "new"}, {"all"})));
  CHECK(count("all") == 1);
  CHECK(count("ann") == 2);
  CHECK(count("new") == 1);
  CHECK_FALSE(control(bob, change({"ann"}, {"new", "other"})));
  CHECK(count("ann") == 2);
  CHECK(count("new") == 0);
  CHECK_FALSE(control(bob, change({"x"}, {"x"}))); // leaves, then joins
  CHECK(count("x") == 1);
}

TEST_CASE_FIXTURE(fixture, "a connection's end is that of its membership") {
  ann.close();
  node.run();
  CHECK(count("all") == 1);
  CHECK(count("ann") == 0);
  bob.lose();
  node.run();
  CHECK(count("all") == 0);
}

TEST_CASE_FIXTURE(fixture, "a name that no group has is an error") {
  CHECK(is(control(bob, change({"a b"})), errc::invalid_message));
  CHECK(is(control(bob, change({}, {""})), errc::invalid_message));
  CHECK(count("all") == 2);
}

TEST_CASE_FIXTURE(fixture, "a connection is in at most so many") {
  strings many;
  for (std::size_t i = 0; i < max_groups; ++i)
    many.push_back("g" + std::to_string(i));
  CHECK(is(control(bob, change(many)), errc::invalid_message)); // and "all"
  CHECK(count("g0") == 0);
  CHECK_FALSE(control(bob, change(many, {"all"})));
  CHECK(count("g63") == 1);
  CHECK_FALSE(control(bob, change({"g0"})));
  CHECK(is(control(bob, change({"one-more"})), errc::invalid_message));
}

TEST_CASE_FIXTURE(fixture, "a move changes groups when it has happened") {
  auto message = change({"there"}, {"all"});
  message.target = other;
  other.hold_joins();
  auto reply = node.begin_request<void>(bob.actor(), message);
  node.run();
  CHECK(count("there") == 0);
  other.release();
  node.run();
  CHECK(reply.answered());
  CHECK(count("there") == 1);
  CHECK(count("all") == 1);
}

TEST_CASE_FIXTURE(fixture, "a move that fails changes no groups") {
  auto message = change({"there"}, {"all"});
  message.target = other;
  other.refuse_joins(make_error(errc::invalid_message, "no"));
  CHECK(is(control(bob, message), errc::target_refused));
  CHECK(count("there") == 0);
  CHECK(count("all") == 2);
}

TEST_CASE_FIXTURE(fixture, "groups do not keep a connection from moving on") {
  CHECK_FALSE(control(bob, move_to(other)));
  CHECK(count("all") == 2);
  send("all", "still");
  CHECK(texts(bob) == strings{"still"});
}

TEST_CASE("a target that was joined finds the connection in its groups") {
  checked_node node;
  std::uint64_t seen = 0;
  auto target =
      node.system().spawn([&](caf::event_based_actor* self) -> caf::behavior {
        return {[&, self](const ws_join&) {
          self->request(node.directory(), caf::infinite,
                        group_count_get{"room"})
              .then([&](const group_count& found) { seen = found.members; });
        }};
      });
  auto client = node.connect(target, in({"room"}));
  node.run();
  CHECK(seen == 1);
}

} // namespace wsrelay::groups_test
