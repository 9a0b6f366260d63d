// Nodes of a cluster come, stop and go.
#include "test/kit_test/cluster_fixture.hpp"

namespace wsrelay::cluster_kit_test {

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

namespace {

// Keeps itself alive.
caf::behavior hermit(caf::event_based_actor* self) {
  return {[me = caf::actor{self}](int) {}};
}

// The texts of what a cluster complains of at its end, and its line.
template <class Function>
strings end_of_cluster(Function script, int* line = nullptr) {
  strings texts;
  auto before = on_failure([&](const expectation_failed& failure) {
    texts.push_back(failure.text());
    if (line)
      *line = failure.line();
  });
  {
    test_cluster cluster{"relay", "app"};
    script(cluster);
  }
  on_failure(before);
  return texts;
}

} // namespace

TEST_CASE("an actor that is left in a node is told with the node's name, at "
          "the cluster's line") {
  std::string pid;
  auto line = 0;
  auto texts = end_of_cluster(
      [&](test_cluster& cluster) {
        auto& app = cluster["app"];
        auto left = app.system().spawn(hermit);
        pid = to_string(left);
        REQUIRE(app.put("hermit", left));
        cluster["relay"].connect("hermit@app"); // and others know it
        cluster.run();
      },
      &line);
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].starts_with("actors are left at the end of the node app:\n"
                             "  scheduled_actor ("
                             + pid + "), a caf::"));
  CHECK(std::count(texts[0].begin(), texts[0].end(), '\n') == 1);
  CHECK(line > 0);
  CHECK(line < __LINE__);
}

TEST_CASE("each node of a cluster is looked at, and may be allowed some") {
  auto spawn = [](test_cluster& cluster, const char* name) {
    return cluster[name].system().spawn(hermit);
  };
  CHECK(end_of_cluster([&](test_cluster& cluster) {
          spawn(cluster, "relay");
          spawn(cluster, "app");
        }).size()
        == 2);
  CHECK(end_of_cluster([&](test_cluster& cluster) {
          cluster["relay"].allow_left_actors(spawn(cluster, "relay"));
          cluster["app"].allow_left_actors();
          spawn(cluster, "app");
        }).empty());
}

TEST_CASE("a node that was killed or stopped has no actors that are left") {
  CHECK(end_of_cluster([](test_cluster& cluster) {
          cluster["relay"].system().spawn(hermit);
          cluster["app"].system().spawn(hermit);
          cluster.kill("relay");
          cluster.stop("app");
        }).empty());
  CHECK(end_of_cluster([](test_cluster& cluster) {
          cluster.restart("app").system().spawn(hermit);
        }).size()
        == 1);
}

TEST_CASE("no leak of a cluster: what ends with its client, its client's node, "
          "or with those who know it") {
  CHECK(end_of_cluster([](test_cluster& cluster) {
          auto& app = cluster["app"];
          auto& relay = cluster["relay"];
          REQUIRE(app.put("chat", app.system().spawn(chat)));
          auto ann = relay.connect("chat@app");
          auto bob = relay.connect(
              app.system().spawn([](caf::event_based_actor* self) {
                return caf::behavior{[me = caf::actor{self}](const ws_join&) {},
                                     [self](const ws_leave&) { self->quit(); }};
              }));
          cluster.link("relay", "app").delay(milliseconds{50});
          ann.send_text("hi");
        }).empty());
  CHECK(end_of_cluster([](test_cluster& cluster) {
          auto& app = cluster["app"];
          REQUIRE(app.put("chat", app.system().spawn(chat)));
          cluster["relay"].connect("chat@app");
          cluster.link("relay", "app").cut();
        }).empty());
}

TEST_CASE("a fault of a node of a cluster that has not come true is told with "
          "the node's name") {
  auto fault = [](test_cluster& cluster) {
    cluster["app"].delay_message<ws_join>(milliseconds{5});
  };
  strings expected{"at the end of the node app:\n"
                   "faults that have not come true:\n"
                   "  delay_message<wsrelay::ws_join>(5ms, 1)"};
  CHECK(end_of_cluster(fault) == expected);
  CHECK(end_of_cluster([&](test_cluster& cluster) {
          fault(cluster);
          cluster.kill("app");
        })
        == expected);
}

} // namespace wsrelay::cluster_kit_test
