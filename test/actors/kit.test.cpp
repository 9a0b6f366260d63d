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
    self->delayed_send(self, milliseconds{15}, caf::tick_atom::value);
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
  probe target{node};
  target.hold_joins();
  auto client = node.connect(target);
  auto ticker = node.system().spawn([](caf::event_based_actor* self) {
    self->delayed_send(self, milliseconds{1}, caf::tick_atom::value);
    return caf::behavior{[self](caf::tick_atom) {
      self->delayed_send(self, milliseconds{1}, caf::tick_atom::value);
    }};
  });
  auto reply = node.begin_request<void>(client.actor(), ws_control{});
  node.advance(milliseconds{5});
  CHECK_FALSE(reply.answered());
}

TEST_CASE("a node ends actors that refer to each other") {
  test_node node;
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
