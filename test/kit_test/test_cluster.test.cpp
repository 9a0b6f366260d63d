// Several nodes in one test: what their users see of each other. What is
// expected of lost nodes is what test/net/cluster and test/system have seen of
// real ones.
#include "test/kit/test_cluster.hpp"

#include "actors/error.hpp"
#include "actors/node_messages.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::cluster_kit_test {

using namespace wsrelay::test;

namespace {

constexpr auto lost = caf::exit_reason::remote_link_unreachable;

// Tells everybody who is there what each one says.
caf::behavior chat(caf::stateful_actor<std::vector<caf::actor>>* self) {
  return {
      [self](const ws_join& message) { self->state.push_back(message.client); },
      [self](const ws_message& message) {
        for (auto& each : self->state)
          self->send(each, ws_send{message_type::text, message.data});
      },
      [self](const ws_leave& message) {
        std::erase(self->state, message.client);
      },
  };
}

// An actor of a node that monitors one of another, and what it is told.
struct watcher {
  watcher(test_node& node, const caf::actor& whom)
      : who{node.system().spawn(
          [told = told, whom = node.here(whom)](
              caf::event_based_actor* self) -> caf::behavior {
            self->monitor(whom);
            self->set_down_handler([=](caf::down_msg& message) {
              told->push_back(message.reason);
            });
            return {[](const shared_buffer&) {}};
          })} {
    node.run();
  }

  std::shared_ptr<std::vector<caf::error>> told =
      std::make_shared<std::vector<caf::error>>();
  caf::actor who;
};

caf::expected<caf::actor> find(test_node& node, const std::string& name) {
  return node.request<caf::actor>(node.directory(), directory_get{name});
}

strings names_of_peers(test_node& node) {
  strings result;
  auto list =
      node.request<std::vector<peer_entry>>(node.directory(), peer_list{});
  if (list)
    for (auto& each : *list)
      result.push_back(each.name);
  return result;
}

struct two_nodes {
  test_cluster cluster{"relay", "app"};
  test_node& relay = cluster["relay"];
  test_node& app = cluster["app"];
};

struct bound : two_nodes { // a client there, its target here
  probe target{app};
  fake_client client = relay.connect(target);

  bound() {
    REQUIRE(app.put("target", target));
    cluster.run();
  }

  caf::actor target_here() { return relay.here(target); }
};

} // namespace

TEST_CASE_FIXTURE(two_nodes, "clients of two nodes meet in one target") {
  REQUIRE(app.put("chat", app.system().spawn(chat)));
  auto ann = relay.connect("chat@app");
  auto bob = app.connect("chat");
  cluster.run();
  ann.send_text("hi");
  cluster.run();
  bob.send_text("hello");
  cluster.run();
  for (auto* each : {&ann, &bob})
    CHECK(each->take() == std::vector{text("hi"), text("hello")});
  CHECK(cluster.failures().empty());
}

TEST_CASE_FIXTURE(bound, "an actor is of another node, and its handle is of "
                         "itself at home") {
  CHECK(relay.system().node() != app.system().node());
  auto far = target_here();
  CHECK(far.node() == app.system().node());
  CHECK(far == target.actor());
  CHECK(target.joins().at(0).client == client.actor());
  CHECK(target.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(bound, "who is lost takes its clients with it: 1011") {
  auto far = target_here();
  watcher told{relay, far};
  cluster.run();
  cluster.kill("app");
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
  REQUIRE(told.told->size() == 1);
  CHECK(told.told->front() == lost);
  REQUIRE(client.exit_reason());
  CHECK(*client.exit_reason());
  CHECK(is(relay.request<void>(far, ws_heartbeat{}).error(), errc::overloaded)
        == false);
  CHECK(relay.request<void>(far, ws_heartbeat{}).error()
        == caf::sec::request_receiver_down);
}

TEST_CASE_FIXTURE(two_nodes, "the end of an actor is told once, with its "
                             "reason; the end of its node as well") {
  probe doomed{app};
  probe other{app};
  REQUIRE(app.put("doomed", doomed));
  REQUIRE(app.put("other", other));
  auto far = *find(relay, "doomed@app");
  watcher first{relay, far};
  watcher second{relay, *find(relay, "other@app")};
  cluster.run();
  doomed.end(make_error(errc::overloaded));
  cluster.run();
  REQUIRE(first.told->size() == 1);
  CHECK(is(first.told->front(), errc::overloaded));
  CHECK(relay.request<void>(far, ws_heartbeat{}).error()
        == caf::sec::request_receiver_down);
  CHECK(second.told->empty());
  cluster.kill("app");
  CHECK(first.told->size() == 1);
  REQUIRE(second.told->size() == 1);
  CHECK(second.told->front() == lost);
}

TEST_CASE_FIXTURE(bound, "a request that is under way when its node is lost "
                         "fails") {
  target.hold();
  auto reply = relay.begin_request<void>(target_here(), ws_heartbeat{});
  cluster.run();
  CHECK_FALSE(reply.answered());
  cluster.kill("app");
  CHECK(reply.error() == caf::sec::request_receiver_down);
}

TEST_CASE_FIXTURE(bound, "a link to another node's connection ends both") {
  auto linked = app.system().spawn([](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    return caf::behavior{
        [self](const caf::actor& whom) { self->link_to(whom); }};
  });
  watcher ended{app, linked};
  auto far = target.joins().at(0).client;
  app.send(linked, far);
  cluster.run();
  SUBCASE("the client is lost") {
    client.lose();
    cluster.run();
    REQUIRE(ended.told->size() == 1);
    CHECK(ended.told->front() == *client.exit_reason());
  }
  SUBCASE("the actor ends") {
    caf::anon_send_exit(linked, caf::exit_reason::user_shutdown);
    cluster.run();
    REQUIRE(client.close_frame());
    CHECK(client.close_frame()->code == 1001);
  }
  SUBCASE("the actor's node is lost") {
    cluster.link("relay", "app").lose();
    cluster.run();
    REQUIRE(client.close_frame());
    CHECK(client.close_frame()->code == 1011);
    REQUIRE(ended.told->size() == 1);
    CHECK(ended.told->front() == lost);
  }
}

TEST_CASE_FIXTURE(bound, "a node that stops says so: 1001, and its targets "
                         "hear of it") {
  watcher told{relay, target_here()};
  auto own = app.connect(target);
  cluster.run();
  auto before = cluster.now();
  cluster.stop("app");
  CHECK(cluster.now() - before < milliseconds{100});
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1001);
  REQUIRE(own.close_frame());
  CHECK(own.close_frame()->code == 1001);
  REQUIRE(told.told->size() == 1);
  CHECK(told.told->front() == caf::exit_reason::user_shutdown);
  CHECK(target.leaves().at(0).reason == leave_reason::shutdown);
  CHECK(names_of_peers(relay).empty());
}

TEST_CASE_FIXTURE(two_nodes, "a transfer to another node under load loses "
                             "nothing") {
  probe here{relay};
  probe there{app};
  REQUIRE(app.put("there", there));
  cluster.link("relay", "app").delay(milliseconds{50});
  auto client = relay.connect(here);
  cluster.run();
  auto move =
      relay.begin_request<void>(client.actor(), move_to_name("there@app"));
  for (int i = 0; i < 20; ++i) {
    client.send_text(std::to_string(i));
    cluster.advance(milliseconds{17});
  }
  cluster.advance(milliseconds{200});
  CHECK(move.succeeded());
  strings all;
  std::uint64_t seq = 0;
  for (auto* each : {&here, &there})
    for (auto& message : each->messages()) {
      CHECK(message.seq == ++seq);
      all.emplace_back(message.data.view());
    }
  REQUIRE(all.size() == 20);
  for (int i = 0; i < 20; ++i)
    CHECK(all[static_cast<std::size_t>(i)] == std::to_string(i));
  CHECK_FALSE(here.messages().empty());
  CHECK(there.messages().size() > 10);
  CHECK(here.leaves().at(0).reason == leave_reason::transferred);
}

TEST_CASE_FIXTURE(bound, "a node that starts again is another one") {
  auto far = target_here();
  auto pid = "1@" + to_string(app.system().node());
  auto& anew = cluster.restart("app");
  CHECK(anew.system().node() != far.node());
  CHECK(is(find(relay, pid).error(), errc::no_such_peer));
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
  CHECK(is(find(relay, "target@app").error(), errc::no_such_target));
  probe target{anew};
  REQUIRE(anew.put("target", target));
  auto other = relay.connect("target@app");
  cluster.run();
  CHECK(target.log() == strings{"join {}"});
  CHECK(relay.request<void>(far, ws_heartbeat{}).error()
        == caf::sec::request_receiver_down);
}

TEST_CASE_FIXTURE(two_nodes, "a relay that starts again is found after the "
                             "back-off") {
  auto& anew = cluster.restart("relay");
  CHECK(names_of_peers(anew).empty());
  cluster.advance(milliseconds{200});
  CHECK(names_of_peers(anew) == strings{"app"});
  CHECK(names_of_peers(app) == strings{"relay"});
}

TEST_CASE_FIXTURE(two_nodes, "names of other nodes come and go") {
  probe target{app};
  CHECK(is(find(relay, "target").error(), errc::no_such_target));
  REQUIRE(app.request<void>(app.directory(),
                            directory_offer{"target", target.actor()}));
  REQUIRE(find(relay, "target"));
  CHECK(find(relay, "target")->node() == app.system().node());
  CHECK(is(find(relay, "nobody@app").error(), errc::no_such_target));
  CHECK(is(find(relay, "target@nobody").error(), errc::no_such_peer));
  auto pid = std::to_string(target.actor().id()) + "@"
             + to_string(app.system().node());
  REQUIRE(find(relay, pid));
  CHECK(*find(relay, pid) == target.actor());
  target.end();
  cluster.run();
  CHECK(is(find(relay, "target").error(), errc::no_such_target));
  probe next{app};
  REQUIRE(app.request<void>(app.directory(),
                            directory_offer{"target", next.actor()}));
  REQUIRE(find(relay, "target"));
  cluster.kill("app");
  CHECK(is(find(relay, "target").error(), errc::no_such_target));
  CHECK(names_of_peers(relay).empty());
}

TEST_CASE("three nodes: one may go, and the others do not notice") {
  test_cluster cluster{"relay", "app1", "app2"};
  auto& relay = cluster["relay"];
  CHECK(names_of_peers(relay) == strings{"app1", "app2"});
  CHECK(names_of_peers(cluster["app2"]) == strings{"app1", "relay"});
  probe first{cluster["app1"]};
  probe second{cluster["app2"]};
  REQUIRE(cluster["app2"].put("second", second));
  auto one = relay.connect(first);
  auto two = relay.connect("second@app2");
  cluster.run();
  // A third node moves the connection, to a node that is neither's.
  auto& app1 = cluster["app1"];
  auto& app2 = cluster["app2"];
  CHECK(app2.request<void>(two.actor(), move_to(first)));
  two.send_text("hi");
  cluster.run();
  CHECK(first.log() == strings{"join {}", "join {}", "message 1 hi"});
  CHECK(app1.request<void>(two.actor(), move_to(second)));
  cluster.kill("app1");
  CHECK(one.close_frame()->code == 1011);
  CHECK(two.is_open());
  two.send_text("still here");
  cluster.run();
  CHECK(second.messages().back().data.view() == "still here");
  CHECK(names_of_peers(cluster["app2"]) == strings{"relay"});
}

TEST_CASE_FIXTURE(bound, "a move to a node that is lost meanwhile is none, and "
                         "the client never notices") {
  probe here{relay};
  auto other = relay.connect(here);
  cluster.run();
  target.hold_joins();
  auto move = relay.begin_request<void>(other.actor(), move_to(target));
  other.send_text("meanwhile");
  cluster.run();
  CHECK_FALSE(move.answered());
  cluster.kill("app");
  CHECK(move.failed_with(errc::target_down));
  CHECK(other.is_open());
  CHECK(here.log() == strings{"join {}", "message 1 meanwhile"});
}

TEST_CASE_FIXTURE(bound, "a group has members on both nodes, until one is "
                         "lost") {
  client_options options;
  options.groups = {"room"};
  probe local{relay};
  auto ann = relay.connect(local, options);
  auto bob = app.connect(target, options);
  cluster.run();
  for (auto* node : {&relay, &app})
    REQUIRE(node->request<void>(
        node->directory(), group_send{"room", {message_type::text, "hi"}}));
  for (auto* each : {&ann, &bob})
    CHECK(each->take() == std::vector{text("hi"), text("hi")});
  cluster.kill("app");
  REQUIRE(relay.request<void>(relay.directory(),
                              group_send{"room", {message_type::text, "ho"}}));
  CHECK(ann.take() == std::vector{text("ho")});
}

TEST_CASE_FIXTURE(bound,
                  "what one node's actor passes on another one answers") {
  probe last{relay};
  auto first = app.system().spawn([&](caf::event_based_actor* self) {
    return caf::behavior{
        [self, whom = app.here(last)](const ws_heartbeat& message) {
          return self->delegate(whom, message);
        }};
  });
  CHECK(relay.request<void>(first, ws_heartbeat{}));
  CHECK(last.heartbeats().size() == 1);
  last.hold();
  auto reply = relay.begin_request<void>(first, ws_heartbeat{});
  cluster.run();
  CHECK_FALSE(reply.answered());
  last.release();
  cluster.run();
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(bound, "a node that stops waits a second for one that does "
                         "not hear it") {
  auto before = cluster.now();
  cluster.link("relay", "app").cut();
  cluster.stop("app");
  CHECK(cluster.now() - before == milliseconds{1'000});
  CHECK(client.is_open());
  cluster.link("relay", "app").restore();
  cluster.run();
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1001);
}

TEST_CASE_FIXTURE(bound, "an actor cannot let the cluster run") {
  bool refused = false;
  auto actor = app.system().spawn([&](caf::event_based_actor*) {
    return caf::behavior{[&](const ws_heartbeat&) {
      try {
        relay.run();
      } catch (const std::logic_error&) {
        refused = true;
      }
    }};
  });
  app.send(actor, ws_heartbeat{});
  cluster.run();
  CHECK(refused);
}

TEST_CASE("a cluster wants names that differ, and knows its nodes") {
  CHECK_THROWS_AS((test_cluster{"one", "one"}), std::invalid_argument);
  CHECK_THROWS_AS((test_cluster{"one"}), std::invalid_argument);
  test_cluster cluster{{"one", "two"}, cluster_options{}};
  CHECK_THROWS_AS(cluster["three"], std::invalid_argument);
  CHECK_THROWS_AS(cluster.link("one", "one"), std::invalid_argument);
  CHECK_THROWS_AS(cluster.link("one", "two").cut_to("three"),
                  std::invalid_argument);
  CHECK_THROWS_AS(cluster.start("one"), std::invalid_argument);
  cluster.kill("one");
  CHECK_THROWS_AS(cluster["one"], std::invalid_argument);
  CHECK_THROWS_AS(cluster.kill("one"), std::invalid_argument);
  CHECK_THROWS_AS(cluster["two"].connect("nobody@one"), std::invalid_argument);
}

} // namespace wsrelay::cluster_kit_test
