// Servers that fail: tries, pauses, what becomes of connections, joins that are
// refused.
#include "actors/pid_text.hpp"
#include "test/net/hook/hook_fixture.hpp"
#include "test/support/line_sink.hpp"

#include <doctest/doctest.h>

namespace wsrelay::hook_failure_test {

using namespace wsrelay::test;
using strings = std::vector<std::string>;
using std::chrono::seconds;

namespace {

struct fixture : hook_fixture {
  fake_client client_with_message() {
    auto client = connect();
    client.send_text("x");
    node.run();
    take_heard();
    return client;
  }

  std::ptrdiff_t probes() const {
    return std::count_if(
        script->questions.begin(), script->questions.end(),
        [](auto& each) { return each.request.method == "HEAD"; });
  }

  std::ptrdiff_t posts() const {
    return static_cast<std::ptrdiff_t>(script->questions.size()) - probes();
  }

  hook_question take(std::string_view method) {
    auto found = std::find_if(
        script->questions.begin(), script->questions.end(),
        [method](auto& each) { return each.request.method == method; });
    REQUIRE(found != script->questions.end());
    auto result = std::move(*found);
    script->questions.erase(found);
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "the line of a failure says of which connection") {
  captured_log log;
  auto client = client_with_message();
  auto pid = pid_text(client.actor().id(), client.actor().node());
  http_response refusal;
  refusal.status = 403;
  take("POST").done({refusal, true, {}});
  CHECK(log.sink->has("http.target failed: target=game pid=" + pid
                      + " reason=\""));
}

TEST_CASE_FIXTURE(fixture, "what was not sent is sent again, five times, later "
                           "and later") {
  auto client = client_with_message();
  auto delay = milliseconds{250};
  for (auto i = 0; i < 5; ++i) {
    take("POST").done({{}, false, "refused"});
    CHECK(posts() == 0);
    advance(delay - milliseconds{1});
    CHECK(posts() == 0);
    advance(milliseconds{1});
    CHECK(posts() == 1);
    delay *= 2;
  }
  CHECK(client.is_open());
  take("POST").done({http_response{.status = 204}, true, {}});
  node.run();
  CHECK(client.is_open());
}

TEST_CASE_FIXTURE(fixture, "the sixth failure is the last") {
  auto client = client_with_message();
  for (auto i = 0; i < 5; ++i) {
    fail(false);
    advance(seconds{4});
  }
  fail(false);
  REQUIRE(client.close_frame());
  CHECK(*client.close_frame()
        == client_close{1011,
                        "the server behind it failed: connect again later"});
}

TEST_CASE_FIXTURE(fixture, "no try begins behind the timeout") {
  settings.timeout = milliseconds{700};
  auto client = client_with_message();
  fail(false);
  advance(milliseconds{250});
  fail(false); // the next one would begin at 750
  CHECK(client.close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(fixture, "chance shortens the wait by up to a half") {
  script->share = 1;
  auto client = client_with_message();
  fail(false);
  advance(milliseconds{125});
  CHECK(script->questions.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "what may have been handled is sent once") {
  auto client = client_with_message();
  fail(true);
  CHECK(client.close_frame()->code == 1011);
  auto heard = take_heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].starts_with("disconnected "));
}

TEST_CASE_FIXTURE(fixture, "at least once, where that is wanted, with its id") {
  settings.at_least_once = true;
  auto client = client_with_message();
  auto id = script->questions.front().field("ce-id");
  fail(true);
  advance(milliseconds{250});
  REQUIRE(script->questions.size() == 1);
  CHECK(script->questions.front().field("ce-id") == id);
  answer(500);
  advance(milliseconds{500});
  CHECK(script->questions.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a refused event closes the connection, or is left "
                           "out") {
  SUBCASE("close") {
    auto client = client_with_message();
    client.send_text("y");
    node.run();
    answer(400);
    CHECK(client.close_frame()->code == 1011);
    auto heard = take_heard();
    REQUIRE(heard.size() == 1); // "y" goes nowhere
    CHECK(heard[0].find(R"("code":1011)") != std::string::npos);
  }
  SUBCASE("skip") {
    settings.on_error = hook_failure::skip;
    auto client = client_with_message();
    client.send_text("y");
    node.run();
    answer(400);
    CHECK(client.is_open());
    CHECK(take_heard() == strings{"message 2 y"});
  }
}

TEST_CASE_FIXTURE(fixture, "an answer that means nothing is a failure") {
  auto client = client_with_message();
  answer(200, "application/websocket-events", "NONSENSE\r\n");
  CHECK(client.close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(fixture, "410 ends a connection as planned") {
  auto client = client_with_message();
  answer(410);
  CHECK(client.close_frame()->code == 1000);
  CHECK(take_heard().back().find(R"("reason":"closed","code":1000)")
        != std::string::npos);
}

TEST_CASE_FIXTURE(fixture,
                  "Retry-After pauses all, and the event comes again") {
  auto other = connect();
  auto client = client_with_message();
  answer(429, {}, {}, {{"Retry-After", "3"}});
  other.send_text("later");
  node.run();
  CHECK(script->questions.empty());
  advance(milliseconds{2'999});
  CHECK(script->questions.empty());
  advance(milliseconds{1});
  CHECK(take_heard() == strings{"message 1 x", "message 1 later"});
  CHECK(client.is_open());
}

TEST_CASE_FIXTURE(fixture, "a server that always wants a pause is none") {
  auto client = client_with_message();
  for (auto i = 0; i < 10; ++i) {
    answer(503, {}, {}, {{"Retry-After", "1"}});
    advance(seconds{1});
  }
  CHECK(client.is_open());
  answer(503, {}, {}, {{"Retry-After", "1"}});
  advance(seconds{1});
  CHECK(client.close_frame()->code == 1011);
}

TEST_CASE_FIXTURE(fixture, "a connection that its server refuses ends") {
  auto client = node.connect(begin());
  node.run();
  answer(403);
  CHECK(client.close_frame()->code == 1011);
  CHECK(take_heard() == strings{"connected {}"});
  CHECK(script->questions.empty());
}

TEST_CASE_FIXTURE(fixture, "who may have heard of a connection hears of its "
                           "end") {
  auto client = node.connect(begin());
  node.run();
  fail(true);
  auto heard = take_heard();
  REQUIRE(heard.size() == 2);
  CHECK(heard[1].find(R"("reason":"rolled_back","code":1011)")
        != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "the end is told again and again, with one id") {
  auto client = connect();
  client.lose();
  node.run();
  auto id = script->questions.front().field("ce-id");
  for (auto i = 0; i < 5; ++i) {
    take("POST").done({{}, true, "no answer"});
    advance(seconds{8});
    REQUIRE(posts() == 1);
    auto again = take("POST");
    CHECK(again.field("ce-id") == id);
    CHECK(again.deadline > node.now());
    script->questions.push_front(std::move(again));
  }
  take("POST").done({{}, true, "no answer"});
  advance(seconds{60});
  CHECK(posts() == 0);
}

TEST_CASE_FIXTURE(fixture, "a server that is down gets no connections until it "
                           "answers") {
  auto client = client_with_message();
  for (auto i = 0; i < 5; ++i) {
    CHECK(script->openings.empty());
    fail(false);
    advance(milliseconds{250 << i});
  }
  CHECK(script->openings == std::vector{false});
  auto refused = node.connect(target);
  node.run();
  CHECK(refused.close_frame()->code == 1011);
  CHECK(probes() == 1);
  take("POST").done({http_response{.status = 204}, true, {}});
  CHECK(script->openings == std::vector{false, true});
  auto welcome = connect();
  CHECK(welcome.is_open());
}

TEST_CASE_FIXTURE(fixture, "it is asked each second, until it answers") {
  auto client = client_with_message();
  for (auto i = 0; i < 5; ++i) {
    fail(false);
    advance(milliseconds{250 << i});
  }
  for (auto i = 0; i < 3; ++i) {
    auto probe = take("HEAD");
    CHECK(probe.request.target == "/hook?key=1");
    probe.done({{}, false, "refused"});
    CHECK(probes() == 0);
    advance(milliseconds{999});
    CHECK(probes() == 0);
    advance(milliseconds{1});
    CHECK(probes() == 1);
  }
  http_response response;
  response.status = 405; // it answers
  take("HEAD").done({std::move(response), true, {}});
  CHECK(script->openings == std::vector{false, true});
  advance(seconds{10});
  CHECK(probes() == 0);
}

} // namespace wsrelay::hook_failure_test
