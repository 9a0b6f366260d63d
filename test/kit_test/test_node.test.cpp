// The test kit itself: time, clients, probes.
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::kit_test {

using namespace wsrelay::test;

TEST_CASE("timeouts of actors and of ports fire in order of time") {
  checked_node node;
  strings log;
  std::vector<time_point> times;
  auto ticker = node.system().spawn([&](caf::event_based_actor* self) {
    self->delayed_send(self, milliseconds{15}, caf::tick_atom_v);
    return caf::behavior{[&log, &times, &node](caf::tick_atom) {
      log.push_back("tick");
      times.push_back(node.now());
    }};
  });
  auto target = node.system().spawn([&](caf::event_based_actor*) {
    return caf::behavior{[](const ws_join&) {}, [](const ws_leave&) {},
                         [&](const ws_heartbeat&) {
                           log.push_back("heartbeat");
                           times.push_back(node.now());
                         }};
  });
  auto client = node.connect(target, {.heartbeat_interval = milliseconds{10}});
  node.run();
  auto start = node.now();
  node.advance(milliseconds{20});
  CHECK(log == strings{"heartbeat", "tick", "heartbeat"});
  CHECK(times
        == std::vector{start + milliseconds{10}, start + milliseconds{15},
                       start + milliseconds{20}});
  CHECK(node.now() == start + milliseconds{20});
  for (auto& actor : {ticker, target})
    caf::anon_send_exit(actor, caf::exit_reason::kill);
}

TEST_CASE("a probe records a refusal, and a node tells one as the relay does") {
  checked_node node;
  probe target{node};
  http_response answer;
  node.refuse(answer); // nobody to tell
  answer.relay = relay_to{target, {}, {}, "{\"a\":1}"};
  node.refuse(answer);
  node.refuse(answer, "client");
  CHECK(target.log() == strings{"refused command", "refused client"});
  REQUIRE(target.refusals().size() == 2);
  CHECK(target.refusals()[0].metadata.view() == "{\"a\":1}");
  target.clear();
  CHECK(target.refusals().empty());
}

TEST_CASE("a client may have a subprotocol and a session with an end") {
  checked_node node;
  std::string spoken;
  std::optional<leave_reason> left;
  auto target = node.system().spawn([&](caf::event_based_actor*) {
    return caf::behavior{
        [&](const ws_join& join) { spoken = join.subprotocol.view(); },
        [&](const ws_leave& leave) { left = leave.reason; }};
  });
  auto client = node.connect(
      target, {.subprotocol = "mqtt", .expires_in = std::chrono::hours{2}});
  node.run();
  CHECK(spoken == "mqtt");
  node.advance(std::chrono::hours{1});
  CHECK(!left);
  node.advance(std::chrono::hours{1});
  CHECK(left == leave_reason::expired);
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 4401);
  caf::anon_send_exit(target, caf::exit_reason::kill);
}

TEST_CASE("a client may have a limit of output, of which its target hears") {
  checked_node node;
  probe target{node};
  auto client =
      node.connect(target, {.output_limit = 100'000,
                            .overflow = {overflow_policy::drop_newest, "gap"},
                            .report_overflow = true});
  node.run();
  client.stall();
  for (int i = 0; i < 11; ++i) // nine fit
    node.send(client.actor(),
              ws_send{message_type::text, std::string(10'000, 'x')});
  node.run();
  CHECK(target.log() == strings{"join {}", "overflow 1 9", "overflow 2 9"});
  REQUIRE(target.overflows().size() == 2);
  CHECK(target.overflows()[1].dropped == 2);
  client.read_again();
  node.run();
  CHECK(target.log().back() == "drained 2");
  CHECK(target.drains().size() == 1);
  CHECK(client.events()
        == std::vector{client_event{"gap", R"({"dropped":2})"}});
  target.clear();
  CHECK(target.overflows().empty());
  CHECK(target.drains().empty());
}

TEST_CASE("a target hears nothing of a limit of output unless it is to") {
  checked_node node;
  probe target{node};
  auto client =
      node.connect(target, {.output_limit = 100'000,
                            .overflow = {overflow_policy::drop_oldest, ""}});
  node.run();
  client.stall();
  for (int i = 0; i < 11; ++i)
    node.send(client.actor(),
              ws_send{message_type::text, std::string(10'000, 'x')});
  node.run();
  client.read_again();
  node.run();
  CHECK(client.received().size() == 9);
  CHECK(target.log() == strings{"join {}"});
}

TEST_CASE("a client may have a rate") {
  checked_node node;
  probe target{node};
  auto client = node.connect(
      target, {.rate = {.messages = 2, .burst = milliseconds{1'000}}});
  for (int i = 0; i < 4; ++i)
    client.send_text("x");
  node.run();
  CHECK(target.messages().size() == 2);
  CHECK(client.is_paused());
  node.advance(milliseconds{499});
  CHECK(target.messages().size() == 2);
  node.advance(milliseconds{1});
  CHECK(target.messages().size() == 3);
}

TEST_CASE("a client may wait for whoever has its target's name next") {
  checked_node node;
  probe target{node};
  probe next{node};
  parking_options parking;
  parking.policy = target_exit_policy::park;
  parking.redeliver = true;
  auto client =
      node.connect(target, {.parking = parking, .target_name = "chat"});
  node.run();
  target.hold();
  client.send_text("a");
  node.run();
  target.crash();
  node.run();
  CHECK(client.is_open());
  client.send_text("b");
  node.run();
  CHECK(node.put("chat", next));
  node.advance(milliseconds{1'000});
  CHECK(next.log() == strings{"join {}", "message 1 a again", "message 2 b"});
  client.lose();
  node.run();
}

TEST_CASE("a client does not wait unless its options say so") {
  checked_node node;
  probe target{node};
  auto client = node.connect(target, {.target_name = "chat"});
  node.run();
  target.crash();
  node.run();
  CHECK_FALSE(client.is_open());
}

TEST_CASE("the clock moves only when the test says so") {
  checked_node node;
  auto start = node.now();
  node.run();
  CHECK(node.now() == start);
  node.advance(std::chrono::hours{24 * 365});
  CHECK(node.now() == start + std::chrono::hours{24 * 365});
}

TEST_CASE_FIXTURE(connected, "received leaves messages in place, take does "
                             "not") {
  node.send(client.actor(), ws_event{"t", "[1, 2]"});
  node.send(client.actor(), ws_send{message_type::text, "plain"});
  node.send(client.actor(), ws_send{message_type::text, R"({"topic":1})"});
  node.run();
  CHECK(client.received().size() == 3);
  CHECK(client.events() == std::vector{client_event{"t", "[1, 2]"}});
  CHECK(client.take().size() == 3);
  CHECK(client.received().empty());
  CHECK(client.take_events().empty());
}

TEST_CASE_FIXTURE(connected, "an unanswered request is no answer") {
  client.stall();
  auto answer =
      node.request<void>(client.actor(), ws_send{message_type::text, "x"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error() == caf::sec::request_timeout);
}

TEST_CASE_FIXTURE(connected, "a probe that is told to release answers all") {
  other.hold_joins();
  auto reply = begin(move_to(other));
  node.run();
  CHECK_FALSE(reply.answered());
  other.release();
  node.run();
  CHECK(reply.succeeded());
  other.clear();
  CHECK(other.log().empty());
  CHECK(other.joins().empty());
}

TEST_CASE("handlers are asked by handle and by name") {
  checked_node node;
  auto handler = node.system().spawn([](caf::event_based_actor*) {
    return caf::behavior{[](const http_request& x) {
      http_response result;
      result.body = x.path;
      return result;
    }};
  });
  http_request request;
  request.path = "/a";
  CHECK(node.ask(handler, request)->body.view() == "/a");
  auto unknown = node.ask("page", request);
  REQUIRE_FALSE(unknown);
  CHECK(is(unknown.error(), errc::no_such_target));
  REQUIRE(node.put("page", handler));
  CHECK(node.ask("page", request)->status == 200);
  caf::anon_send_exit(handler, caf::exit_reason::kill);
}

TEST_CASE("a node ends while actors tick and requests wait") {
  test_node node;
  node.allow_left_actors();
  probe target{node};
  target.hold_joins();
  auto client = node.connect(target);
  auto ticker = node.system().spawn([](caf::event_based_actor* self) {
    self->delayed_send(self, milliseconds{1}, caf::tick_atom_v);
    return caf::behavior{[self](caf::tick_atom) {
      self->delayed_send(self, milliseconds{1}, caf::tick_atom_v);
    }};
  });
  auto reply = node.begin_request<void>(client.actor(), ws_control{});
  node.advance(milliseconds{5});
  CHECK_FALSE(reply.answered());
}

TEST_CASE("a node ends actors that refer to each other") {
  test_node node;
  node.allow_left_actors();
  auto friendly = [](caf::event_based_actor* self, caf::actor other) {
    self->link_to(other);
    return caf::behavior{[other](int) {}};
  };
  auto first = node.system().spawn([=](caf::event_based_actor* self) {
    auto second = self->spawn(friendly, caf::actor{self});
    return caf::behavior{[second](int) {}};
  });
  node.run();
  CHECK(node.running_actors() == 3);
}

} // namespace wsrelay::kit_test
