// Links and monitors, in both directions.
#include "test/support/connected.hpp"

#include <caf/all.hpp>
#include <caf/default_attachable.hpp>

namespace wsrelay::connection_watch_test {

using namespace wsrelay::test;

namespace {

// Records downs and exits; lives until it is ended.
struct watcher {
  explicit watcher(test_node& node)
      : actor{node.system().spawn([this](caf::event_based_actor* self) {
          self->set_down_handler(
              [this](caf::down_msg& x) { downs.push_back(x.reason); });
          self->set_exit_handler(
              [this](caf::exit_msg& x) { exits.push_back(x.reason); });
          return caf::behavior{
              [self](caf::add_atom, const caf::actor& x) { self->monitor(x); },
              [self](caf::link_atom, const caf::actor& x) {
                self->link_to(x);
              }};
        })} {}

  ~watcher() { caf::anon_send_exit(actor, caf::exit_reason::kill); }

  void monitor(test_node& node, const caf::actor& who) {
    node.send(actor, caf::add_atom_v, who);
    node.run();
  }
  void link(test_node& node, const caf::actor& who) {
    node.send(actor, caf::link_atom_v, who);
    node.run();
  }

  std::vector<caf::error> downs;
  std::vector<caf::error> exits;
  caf::actor actor;
};

} // namespace

TEST_CASE_FIXTURE(connected, "a monitor fires on a clean close, a link does "
                             "not") {
  watcher by{node};
  by.monitor(node, client.actor());
  by.link(node, client.actor());
  client.close(1000);
  node.run();
  REQUIRE(by.downs.size() == 1);
  CHECK_FALSE(by.downs[0]);
  // CAF tells linked actors of a normal end, too; by default they ignore it.
  for (auto& reason : by.exits)
    CHECK_FALSE(reason);
}

// Known failure 15: links to a connection never fired.
TEST_CASE_FIXTURE(connected, "a lost connection fires monitors and links, with "
                             "close code and text") {
  watcher by{node};
  by.monitor(node, client.actor());
  by.link(node, client.actor());
  client.lose();
  node.run();
  REQUIRE(by.downs.size() == 1);
  REQUIRE(by.exits.size() == 1);
  for (auto& reason : {by.downs[0], by.exits[0]}) {
    auto info = to_close_info(reason);
    REQUIRE(info);
    CHECK(info->reason == leave_reason::connection_lost);
    CHECK(info->code == 1006);
    CHECK(info->text == "connection lost");
  }
}

TEST_CASE_FIXTURE(connected, "an actor linked to a lost connection ends") {
  auto linked = node.system().spawn([this](caf::event_based_actor* self) {
    self->link_to(client.actor());
    return caf::behavior{[](int) {}};
  });
  node.run();
  auto before = node.running_actors();
  client.lose();
  node.run();
  CHECK(node.running_actors() == before - 2);
}

TEST_CASE_FIXTURE(connected,
                  "an actor linked to a closed connection lives on") {
  auto linked = node.system().spawn([this](caf::event_based_actor* self) {
    self->link_to(client.actor());
    return caf::behavior{[](int) {}};
  });
  node.run();
  auto before = node.running_actors();
  client.close();
  node.run();
  CHECK(node.running_actors() == before - 1);
  caf::anon_send_exit(linked, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(connected, "a connection ends with the actor it is linked "
                             "to, unless that ends normally") {
  probe friendly{node};
  probe fatal{node};
  for (auto* one : {&friendly, &fatal}) {
    auto& actor = one->actor();
    caf::actor_cast<caf::abstract_actor*>(actor)->attach(
        caf::default_attachable::make_link(actor->address(),
                                           client.actor().address()));
  }
  friendly.end();
  node.run();
  CHECK(client.is_open());
  fatal.end(make_error(errc::busy));
  node.run();
  CHECK(client.close_frame()
        == client_close{1011, "ended by another actor: connect again"});
  CHECK(target.log().back() == "leave exited 1011 last=0");
  CHECK(client.exit_reason().value() == make_error(errc::busy));
}

// Known failure 5: internal events were sent to the browser as JSON.
TEST_CASE_FIXTURE(connected, "the end of a former target reaches nobody") {
  REQUIRE_FALSE(answer(move_to(other)));
  target.crash();
  node.run();
  say("a");
  CHECK(client.received().empty());
  CHECK(client.is_open());
  CHECK(other.log() == strings{"join {}", "message 1 a"});
}

// Known failure 10: a vanished target left the socket open, in silence.
TEST_CASE_FIXTURE(connected, "a target that vanishes closes the socket, with a "
                             "reason") {
  caf::anon_send_exit(target.actor(), caf::exit_reason::kill);
  node.run();
  CHECK(client.close_frame()
        == client_close{1011, "target failed: connect again"});
  CHECK_FALSE(client.is_open());
}

// Known failure 9: a failure during connect leaked the attachment.
TEST_CASE("connections that fail while binding leave nothing behind") {
  checked_node node;
  probe target{node};
  target.refuse_joins(make_error(errc::overloaded));
  auto before = node.running_actors();
  for (int i = 0; i < 100; ++i)
    node.connect(target);
  node.run();
  CHECK(node.running_actors() == before);
  CHECK(target.joins().size() == 100);
  CHECK(target.leaves().empty());
}

// Known failure 16: senders learnt nothing about what was not delivered.
TEST_CASE_FIXTURE(connected, "a request to a connection that has ended is an "
                             "error") {
  client.lose();
  node.run();
  CHECK(answer(ws_send{message_type::text, "x"})
        == caf::sec::request_receiver_down);
}

TEST_CASE_FIXTURE(connected, "a target that links to its client ends with it") {
  auto before = node.running_actors();
  auto linking = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[self](const ws_join& x) { self->link_to(x.client); },
                         [](const ws_leave&) {}};
  });
  auto second = node.connect(linking);
  node.run();
  CHECK(node.running_actors() == before + 2);
  second.lose();
  node.run();
  CHECK(node.running_actors() == before);
}

} // namespace wsrelay::connection_watch_test
