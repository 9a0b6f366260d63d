// Links that are slow, cut and lost, and what cannot pass them.
#include "test/kit/test_cluster.hpp"

#include "actors/error.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::cluster_links_test {

using namespace wsrelay::test;

namespace {

const auto interval = cluster_config{}.heartbeat_interval;
const auto timeout = cluster_config{}.heartbeat_timeout;
const auto back_off = cluster_config{}.reconnect_max;

struct game_move {
  int from;
  int to;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, game_move& x) {
  return f(x.from, x.to);
}

struct linked { // a client at "relay", its target at "app"
  test_cluster cluster{"relay", "app"};
  test_node& relay = cluster["relay"];
  test_node& app = cluster["app"];
  cluster_link& link = cluster.link("app", "relay");
  probe target{app};
  fake_client client = connect();

  fake_client connect() {
    REQUIRE(app.put("target", target));
    auto result = relay.connect("target@app");
    cluster.run();
    return result;
  }

  caf::actor find(const std::string& name) {
    auto found =
        relay.request<caf::actor>(relay.directory(), directory_get{name});
    REQUIRE(found);
    return *found;
  }
};

} // namespace

TEST_CASE_FIXTURE(linked, "a slow link is as slow as it is said, each way") {
  link.delay(milliseconds{50}).delay_to("relay", milliseconds{20});
  client.send_text("hi");
  cluster.advance(milliseconds{49});
  CHECK(target.messages().empty());
  cluster.advance(milliseconds{1});
  CHECK(target.messages().size() == 1);
  app.send(target.joins().at(0).client, ws_send{message_type::text, "ho"});
  cluster.advance(milliseconds{19});
  CHECK(client.received().empty());
  cluster.advance(milliseconds{1});
  CHECK(client.take() == std::vector{text("ho")});
}

TEST_CASE_FIXTURE(linked, "a link keeps the order, also when it gets faster") {
  auto far = find("target@app");
  strings expected = target.log();
  for (std::uint64_t i = 0; i < 50; ++i) {
    link.delay(milliseconds{i % 2 == 0 ? 30 : 1});
    client.send_text(std::to_string(i));
    expected.push_back("message " + std::to_string(i + 1) + " "
                       + std::to_string(i));
    cluster.advance(milliseconds{3});
  }
  cluster.advance(milliseconds{200});
  CHECK(target.log() == expected);
}

TEST_CASE_FIXTURE(linked, "a node that is not heard is lost after the timeout, "
                          "by both: 1011") {
  auto far = find("target@app");
  target.hold();
  auto reply = relay.begin_request<void>(far, ws_heartbeat{});
  cluster.run();
  cluster.advance(milliseconds{500});
  link.cut();
  cluster.advance(timeout - interval);
  CHECK(link.is_connected());
  CHECK(client.is_open());
  CHECK_FALSE(reply.answered());
  cluster.advance(2 * interval);
  CHECK_FALSE(link.is_connected());
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
  CHECK(reply.error() == caf::sec::request_receiver_down);
  CHECK(target.leaves().empty()); // no ws_leave of a lost relay
  link.restore();
  cluster.advance(back_off + std::chrono::seconds{5});
  CHECK(link.is_connected());
  // The process lived on: its PID is the same, with a new handle.
  auto again = find("target@app");
  CHECK(again == far);
  CHECK(relay.request<void>(far, ws_heartbeat{}).error()
        == caf::sec::request_receiver_down);
  target.release();
  CHECK(relay.request<void>(again, ws_heartbeat{}));
}

TEST_CASE_FIXTURE(linked, "silence is noticed at a heartbeat of one's own, "
                          "after the timeout") {
  // Connected at 0; the last heartbeat that comes is that of one interval.
  cluster.advance(interval + milliseconds{1});
  link.cut_to("relay");
  cluster.advance(timeout - milliseconds{2});
  CHECK(client.is_open());
  cluster.advance(milliseconds{1});
  CHECK_FALSE(client.is_open());
}

TEST_CASE("without a timeout silence ends nothing") {
  cluster_options options;
  options.heartbeat_timeout = milliseconds{0};
  test_cluster cluster{{"relay", "app"}, options};
  cluster.link("relay", "app").cut();
  cluster.advance(std::chrono::hours{24});
  CHECK(cluster.link("relay", "app").is_connected());
}

TEST_CASE_FIXTURE(linked, "a cut that is shorter than the timeout loses "
                          "nothing") {
  link.cut();
  client.send_text("kept");
  cluster.advance(timeout - interval);
  CHECK(target.messages().empty());
  link.restore();
  cluster.run();
  CHECK(target.messages().size() == 1);
  cluster.advance(2 * timeout);
  CHECK(client.is_open());
}

TEST_CASE_FIXTURE(linked, "a cut one way ends the connection both ways") {
  for (std::string deaf : {"app", "relay"}) {
    CAPTURE(deaf);
    auto there = relay.connect("target@app");
    cluster.run();
    target.clear();
    link.cut_to(deaf);
    there.send_text("hi");
    app.send(target.actor(), ws_refused{}); // time passes there, too
    cluster.run();
    CHECK(target.messages().size() == (deaf == "app" ? 0 : 1));
    cluster.advance(timeout - interval);
    CHECK(link.is_connected());
    cluster.advance(2 * interval);
    CHECK_FALSE(link.is_connected());
    REQUIRE(there.close_frame());
    CHECK(there.close_frame()->code == 1011);
    cluster.advance(std::chrono::minutes{1}); // neither can connect
    CHECK_FALSE(link.is_connected());
    link.restore();
    cluster.advance(back_off + std::chrono::seconds{5});
    CHECK(link.is_connected());
  }
}

TEST_CASE_FIXTURE(linked, "a link that is lost is so at once, until it is "
                          "restored") {
  auto before = cluster.now();
  link.lose();
  cluster.run();
  CHECK(cluster.now() == before);
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
  cluster.advance(std::chrono::minutes{1});
  CHECK_FALSE(link.is_connected());
  link.restore();
  cluster.advance(back_off);
  CHECK(link.is_connected());
  auto next = relay.connect("target@app");
  cluster.run();
  CHECK(target.joins().size() == 2);
}

TEST_CASE_FIXTURE(linked, "what a node has sent arrives before its end") {
  link.delay(milliseconds{100});
  app.send(target.joins().at(0).client, ws_send{message_type::text, "last"});
  cluster.run();
  cluster.kill("app");
  CHECK(client.is_open());
  cluster.advance(milliseconds{100});
  CHECK(client.take() == std::vector{text("last")});
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(linked, "a node that is killed behind a cut is lost after "
                          "the timeout") {
  link.cut();
  cluster.kill("app");
  CHECK(client.is_open());
  cluster.advance(timeout + interval);
  REQUIRE(client.close_frame());
  CHECK(client.close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(linked, "a connection may wait for the next target when a "
                          "node is lost") {
  REQUIRE(app.request<void>(app.directory(),
                            directory_offer{"game", target.actor()}));
  client_options options;
  options.parking.policy = target_exit_policy::park;
  auto patient = relay.connect("game", options);
  cluster.run();
  auto& anew = cluster.restart("app");
  CHECK(patient.is_open());
  patient.send_text("meanwhile");
  cluster.run();
  probe next{anew};
  REQUIRE(anew.request<void>(anew.directory(),
                             directory_offer{"game", next.actor()}));
  cluster.advance(std::chrono::seconds{10}); // it is looked up now and then
  CHECK(next.log() == strings{"join {}", "message 1 meanwhile"});
  CHECK(patient.is_open());
}

TEST_CASE_FIXTURE(linked, "a message type that nobody has registered is an "
                          "error that names it") {
  auto far = find("target@app");
  auto error = relay.request<void>(far, game_move{1, 2}).error();
  CHECK(error == caf::sec::unknown_type);
  CHECK(to_text(error).find("game_move") != std::string::npos);
  REQUIRE(cluster.failures().size() == 1);
  CHECK(cluster.failures()[0].find("relay: ") == 0);
  CHECK(cluster.failures()[0].find("game_move was not registered")
        != std::string::npos);
  relay.send(far, game_move{1, 2}); // no request, and noted all the same
  cluster.run();
  CHECK(cluster.failures().size() == 2);
  CHECK(client.is_open());
}

TEST_CASE("a message type that only one node knows is an error that names it") {
  cluster_options options;
  options.config = [](const std::string& name) {
    auto result = std::make_unique<test_config>();
    if (name == "relay")
      result->add_message_type<game_move>("game_move");
    return result;
  };
  test_cluster cluster{{"relay", "app"}, options};
  auto& relay = cluster["relay"];
  probe target{cluster["app"]};
  REQUIRE(cluster["app"].put("target", target));
  auto far =
      relay.request<caf::actor>(relay.directory(), directory_get{"target@app"});
  REQUIRE(far);
  auto error = relay.request<void>(*far, game_move{1, 2}).error();
  CHECK(is(error, errc::incompatible));
  CHECK(to_text(error).find("game_move cannot be read by")
        != std::string::npos);
  REQUIRE(cluster.failures().size() == 1);
  CHECK(cluster.failures()[0].find("app: ") == 0);
}

} // namespace wsrelay::cluster_links_test
