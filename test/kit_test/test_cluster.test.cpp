// Several nodes in one test: what their users see of each other. What is
// expected of lost nodes is what test/net/cluster and test/system have seen of
// real ones.
#include "test/kit_test/cluster_fixture.hpp"

namespace wsrelay::cluster_kit_test {

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

TEST_CASE_FIXTURE(two_nodes, "a handle of another node's fails the test when "
                             "an actor sends by it") {
  auto before = on_failure(nullptr);
  {
    auto there = app.system().spawn([](caf::event_based_actor*) {
      return caf::behavior{[](caf::ok_atom) {}};
    });
    auto here =
        relay.system().spawn([to = there](caf::event_based_actor* self) {
          return caf::behavior{
              [self, to](caf::ok_atom) { self->send(to, caf::ok_atom_v); }};
        });
    relay.send(here, caf::ok_atom_v);
    CHECK_THROWS_AS(cluster.run(), expectation_failed);
    CHECK_NOTHROW(cluster.run());
  }
  on_failure(before);
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

} // namespace wsrelay::cluster_kit_test
