// Handlers whose time is over, and targets that nobody comes to.
#include "actors/refusal.hpp"
#include "test/support/acceptor_fixture.hpp"

#include <algorithm>
#include <stdexcept>

namespace wsrelay::acceptor_late_test {

using namespace wsrelay::test;

namespace {

constexpr milliseconds timeout{1000};

struct fixture : accepting {
  probe target{node};
  caf::actor slow;
  std::vector<caf::response_promise> held;

  // A handler that answers when the test says so.
  fixture() {
    slow = node.system().spawn([this](caf::event_based_actor* self) {
      return caf::behavior{[this, self](const http_request&) {
        held.push_back(self->make_response_promise());
        return held.back();
      }};
    });
    handlers.push_back(slow);
    REQUIRE(node.put("slow", slow));
  }

  http_response command(std::string metadata = R"({"a":1})") {
    http_response result;
    result.relay = relay_to{target, {}, {}, std::move(metadata)};
    return result;
  }

  void deliver(http_response response) {
    REQUIRE_FALSE(held.empty());
    held.front().deliver(std::move(response));
    held.erase(held.begin());
    node.run();
  }

  static bool timed_out(const response& what) {
    return what && !*what && what->error() == caf::sec::request_timeout;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a silent handler is given up at its timeout") {
  auto response = ask("slow");
  node.advance(timeout / 2);
  CHECK_FALSE(*response);
  node.advance(timeout / 2 - milliseconds{1});
  CHECK_FALSE(*response);
  node.advance(milliseconds{1});
  CHECK(timed_out(*response));
}

TEST_CASE_FIXTURE(fixture, "an answer right before the timeout counts") {
  auto response = ask("slow");
  node.advance(timeout - milliseconds{1});
  deliver(command());
  REQUIRE(*response);
  CHECK(**response);
  node.advance(late_answer_patience * 2);
  CHECK(target.log().empty());
}

TEST_CASE_FIXTURE(fixture, "each question has its own time") {
  auto longest = ask("slow", {}, timeout * 3);
  auto shortest = ask("slow", {}, timeout);
  auto middle = ask("slow", {}, timeout * 2);
  node.advance(timeout);
  CHECK(timed_out(*shortest));
  CHECK_FALSE(*middle);
  auto again = ask("slow", {}, timeout / 2);
  node.advance(timeout / 2);
  CHECK(timed_out(*again));
  CHECK_FALSE(*middle);
  node.advance(timeout / 2);
  CHECK(timed_out(*middle));
  node.advance(timeout - milliseconds{1});
  CHECK_FALSE(*longest);
  node.advance(milliseconds{1});
  CHECK(timed_out(*longest));
}

TEST_CASE_FIXTURE(fixture, "no time at all is over at once") {
  auto response = ask("slow", {}, milliseconds{0});
  node.advance(milliseconds{0});
  CHECK(timed_out(*response));
}

TEST_CASE_FIXTURE(fixture, "the look-up of a name at a silent node is part of "
                           "the time") {
  // A directory that never answers.
  auto mute = node.system().spawn([this](caf::event_based_actor* self) {
    return caf::behavior{[this, self](const directory_get&) {
      held.push_back(self->make_response_promise());
      return held.back();
    }};
  });
  auto other =
      spawn_on(node.system(), nullptr, acceptor, acceptor_config{mute});
  node.run();
  auto& state =
      static_cast<acceptor_actor*>(caf::actor_cast<caf::abstract_actor*>(other))
          ->state;
  accepting::response response;
  state.ask("chat@app1", {}, timeout,
            [&](caf::expected<http_response> x) { response = std::move(x); });
  node.advance(timeout - milliseconds{1});
  CHECK_FALSE(response);
  node.advance(milliseconds{1});
  CHECK(timed_out(response));
  held.front().deliver(slow); // too late: the handler is not asked
  held.clear();
  node.advance(late_answer_patience * 2);
  CHECK(held.empty());
  for (auto& who : {mute, other})
    caf::anon_send_exit(who, caf::exit_reason::kill);
}

TEST_CASE_FIXTURE(fixture, "the target in a late answer is told that nobody "
                           "comes") {
  auto response = ask("slow");
  node.advance(timeout);
  CHECK(timed_out(*response));
  deliver(command());
  CHECK(target.log() == strings{"refused timeout"});
  CHECK(target.refusals()[0].metadata.view() == R"({"a":1})");
  node.advance(late_answer_patience * 2);
  CHECK(target.log().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a late answer without a target, and a late error, "
                           "are dropped") {
  for (int i = 0; i < 2; ++i)
    ask("slow");
  node.advance(timeout);
  deliver({});
  held.front().deliver(make_error(errc::busy));
  held.clear();
  node.advance(late_answer_patience * 2);
  CHECK(target.log().empty());
}

TEST_CASE_FIXTURE(fixture, "a late answer is awaited for a while, not for "
                           "ever") {
  ask("slow");
  ask("slow");
  node.advance(timeout + late_answer_patience - milliseconds{1});
  deliver(command());
  CHECK(target.log().size() == 1);
  node.advance(milliseconds{1});
  deliver(command());
  CHECK(target.log().size() == 1);
}

TEST_CASE_FIXTURE(fixture, "so many late answers are awaited, then the oldest "
                           "one is forgotten") {
  for (auto count : {max_late_answers - 1, max_late_answers,
                     max_late_answers + 1, max_late_answers + 2}) {
    for (std::size_t i = 0; i < count; ++i)
      state().ask("slow", {}, timeout, [](caf::expected<http_response>) {});
    node.advance(timeout);
    REQUIRE(held.size() == count);
    for (auto& promise : held)
      promise.deliver(command());
    held.clear();
    node.run();
    CHECK(target.log().size() == std::min(count, max_late_answers));
    target.clear();
  }
}

TEST_CASE_FIXTURE(fixture, "a handler that ends after its time was over is "
                           "nothing new") {
  auto response = ask("slow");
  node.advance(timeout);
  CHECK(timed_out(*response));
  caf::anon_send_exit(slow, caf::exit_reason::kill);
  node.advance(late_answer_patience * 2); // `ask` checks: called once
  held.clear();
}

TEST_CASE_FIXTURE(fixture, "a callback that throws at the timeout ends "
                           "nothing") {
  state().ask("slow", {}, timeout, [](caf::expected<http_response>) {
    throw std::length_error{"too long"};
  });
  auto other = ask("slow");
  node.advance(timeout);
  CHECK(timed_out(*other));
  deliver(command());
  CHECK(target.log() == strings{"refused timeout"});
}

TEST_CASE_FIXTURE(fixture, "a callback that throws before it has decided "
                           "leaves no target waiting") {
  auto ask_and_throw = [&](auto before) {
    state().ask("slow", {}, timeout, [before](caf::expected<http_response> x) {
      before(*x->relay);
      throw std::length_error{"too long"};
    });
    node.run();
    deliver(command());
  };
  ask_and_throw([](auto&) {});
  CHECK(target.log() == strings{"refused error"});
  target.clear();
  ask_and_throw([&](auto& relay) { state().refuse(relay, "origin"); });
  CHECK(target.log() == strings{"refused origin"}); // once
  target.clear();
  ask_and_throw([&](auto& relay) { open_now(relay.target); });
  node.run();
  CHECK(target.log() == strings{"join {}"});
}

TEST_CASE_FIXTURE(fixture, "a refused target is told why, with its metadata") {
  state().refuse(*command().relay, "origin");
  node.run();
  REQUIRE(target.refusals().size() == 1);
  CHECK(target.refusals()[0].reason == "origin");
  CHECK(target.refusals()[0].metadata.view() == R"({"a":1})");
}

TEST_CASE_FIXTURE(fixture, "metadata that is empty or too long is told as {}") {
  for (auto size : {std::size_t{0}, max_refused_metadata + 1}) {
    state().refuse(*command(std::string(size, 'x')).relay, "command");
    node.run();
    CHECK(target.refusals().back().metadata.view() == "{}");
  }
  for (auto size : {max_refused_metadata - 1, max_refused_metadata}) {
    state().refuse(*command(std::string(size, 'x')).relay, "command");
    node.run();
    CHECK(target.refusals().back().metadata.size() == size);
  }
}

TEST_CASE_FIXTURE(fixture, "a refusal without a target, or of one that has "
                           "ended, does nothing") {
  state().refuse(relay_to{}, "origin");
  target.end();
  node.run();
  state().refuse(*command().relay, "origin");
  node.run();
  CHECK(target.log().empty());
}

TEST_CASE_FIXTURE(fixture, "a target that does not know of refusals lives") {
  auto old = handle("old", [](const ws_join&) {});
  state().refuse(relay_to{old, {}, {}, {}}, "origin");
  node.run();
  CHECK(node.request<void>(old, ws_join{}));
}

TEST_CASE_FIXTURE(fixture, "6,000 targets that nobody comes to leave no "
                           "actor") {
  handle("sessions", [](const http_request&) { return http_response{}; });
  auto spawning = node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[self](const http_request&) {
      http_response result;
      auto session = self->spawn([](caf::event_based_actor* me) {
        return caf::behavior{[me](const ws_refused&) { me->quit(); }};
      });
      result.relay = relay_to{session, {}, {}, {}};
      return result;
    }};
  });
  handlers.push_back(spawning);
  REQUIRE(node.put("spawning", spawning));
  auto before = node.running_actors();
  for (int i = 0; i < 6'000; ++i)
    state().ask("spawning", {}, timeout,
                [this](caf::expected<http_response> x) {
                  state().refuse(*x->relay, "upgrade");
                });
  node.run();
  CHECK(node.running_actors() == before);
  node.advance(timeout);
}

} // namespace wsrelay::acceptor_late_test
