// The acceptor's questions: handlers and targets, asked from outside of actors.
#include "test/support/acceptor_fixture.hpp"

#include <stdexcept>

namespace wsrelay::acceptor_ask_test {

using namespace wsrelay::test;

namespace {

struct fixture : accepting {
  std::vector<caf::actor> found;
  std::vector<caf::error> errors;

  void find(const std::string& target) {
    auto before = found.size() + errors.size();
    state().find(target, [this](caf::expected<caf::actor> x) {
      if (x)
        found.push_back(*x);
      else
        errors.push_back(x.error());
    });
    CHECK(found.size() + errors.size() == before); // not before it returns
    node.run();
    CHECK(found.size() + errors.size() == before + 1);
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a handler answers a request") {
  handle("page", [](const http_request& x) {
    http_response result;
    result.status = 404;
    result.headers = {{"X-Path", x.path}};
    result.body = x.body;
    return result;
  });
  http_request request;
  request.path = "/a";
  request.body = "body";
  auto response = ask("page", request);
  REQUIRE(*response);
  REQUIRE(**response);
  auto& answer = ***response;
  CHECK(answer.status == 404);
  CHECK(answer.headers == http_fields{{"X-Path", "/a"}});
  CHECK(answer.body.view() == "body");
}

TEST_CASE_FIXTURE(fixture, "while much waits for its node a handler is asked "
                           "nothing") {
  int asked = 0;
  handle("page", [&](const http_request&) {
    ++asked;
    return http_response{};
  });
  nodes.is_high = true;
  auto refused = ask("page");
  REQUIRE(*refused);
  REQUIRE_FALSE(**refused);
  CHECK(is((*refused)->error(), errc::busy));
  CHECK(asked == 0);
  nodes.is_high = false;
  auto answered = ask("page");
  REQUIRE(*answered);
  CHECK(**answered);
  CHECK(asked == 1);
}

TEST_CASE_FIXTURE(fixture, "a handler may answer with a target's handle") {
  probe target{node};
  handle("ws", [to = target.actor()](const http_request&) {
    http_response result;
    result.relay = relay_to{to, "in", milliseconds{5}, "{}"};
    return result;
  });
  auto response = ask("ws");
  REQUIRE(*response);
  REQUIRE(**response);
  CHECK((**response)->relay->target == target.actor());
  node.advance(milliseconds{100'000});
  CHECK(target.log().empty()); // whoever asked decides what becomes of it
}

TEST_CASE_FIXTURE(fixture, "a handler's error is passed on") {
  handle("bad", [](const http_request&) -> caf::result<http_response> {
    return make_error(errc::busy);
  });
  auto response = ask("bad");
  REQUIRE(*response);
  CHECK(is((*response)->error(), errc::busy));
}

TEST_CASE_FIXTURE(fixture, "a handler that nobody registered is an error") {
  auto response = ask("nobody");
  REQUIRE(*response);
  CHECK(is((*response)->error(), errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "an actor that knows no requests is an error") {
  handle("other", [](int) {});
  auto response = ask("other");
  REQUIRE(*response);
  CHECK((*response)->error() == caf::sec::unexpected_message);
}

TEST_CASE_FIXTURE(fixture,
                  "a handler that answers something else is an error") {
  handle("odd", [](const http_request&) { return 42; });
  auto response = ask("odd");
  REQUIRE(*response);
  CHECK((*response)->error() == caf::sec::unexpected_response);
}

TEST_CASE_FIXTURE(fixture, "the relay's own actors are neither handlers nor "
                           "targets, by name or by PID") {
  probe chat{node};
  static_cast<void>(node.put("wsrelay.acceptor.gateway.0", actor));
  static_cast<void>(node.put("wsrelay.chat", chat));
  for (auto name : {"wsrelay.acceptor.gateway.0", "wsrelay.chat", "wsrelay.",
                    "wsrelay.acceptor.gateway.0@app1"}) {
    find(name);
    auto response = ask(name);
    REQUIRE(*response);
    CHECK(is((*response)->error(), errc::no_such_target));
  }
  // Under any name, or by the text of a PID.
  REQUIRE(node.put("alias", actor));
  REQUIRE(node.put("names", node.directory()));
  find("alias");
  find("names");
  node.system().registry().put(actor.id(),
                               caf::actor_cast<caf::strong_actor_ptr>(actor));
  find(to_string(actor));
  CHECK(found.empty());
  CHECK(errors.size() == 7);
  for (auto& error : errors)
    CHECK(is(error, errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "a name that only looks like the relay's own is "
                           "found") {
  probe target{node};
  REQUIRE(node.put("wsrelay", target));
  REQUIRE(node.put("Wsrelay.x", target));
  find("wsrelay");
  find("Wsrelay.x");
  CHECK(found.size() == 2);
}

TEST_CASE_FIXTURE(fixture, "a target is found by name and by PID") {
  probe target{node};
  REQUIRE(node.put("chat", target));
  auto client = node.connect(target);
  node.run();
  find("chat");
  find(to_string(client.actor()));
  find("nobody");
  find("");
  find(std::string(100'000, 'x'));
  CHECK(found == std::vector{target.actor(), client.actor()});
  REQUIRE(errors.size() == 3);
  for (auto& error : errors)
    CHECK(is(error, errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "a handler that ends while it is asked is an error "
                           "at once") {
  auto held = std::make_shared<std::vector<caf::response_promise>>();
  auto handler = node.system().spawn([held](caf::event_based_actor* self) {
    return caf::behavior{[held, self](const http_request&) {
      held->push_back(self->make_response_promise());
      return held->back();
    }};
  });
  REQUIRE(node.put("dies", handler));
  auto first = ask("dies");
  auto second = ask("dies");
  CHECK_FALSE(*first);
  caf::anon_send_exit(handler, caf::exit_reason::user_shutdown);
  node.run();
  for (auto& response : {first, second}) {
    REQUIRE(*response);
    CHECK((*response)->error() == caf::sec::request_receiver_down);
  }
  held->clear();
  auto third = ask("dies");
  REQUIRE(*third);
  CHECK(is((*third)->error(), errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "a handler that takes a dead one's name is asked "
                           "like it") {
  auto first =
      handle("page", [](const http_request&) { return http_response{}; });
  CHECK((*ask("page")).has_value());
  caf::anon_send_exit(first, caf::exit_reason::kill);
  node.run();
  handle("page", [](const http_request&) {
    http_response result;
    result.status = 201;
    return result;
  });
  auto response = ask("page");
  REQUIRE(*response);
  REQUIRE(**response);
  CHECK((**response)->status == 201);
}

TEST_CASE_FIXTURE(fixture, "a handler that crashes is an error, and the next "
                           "one is asked") {
  auto handler = node.system().spawn([](caf::event_based_actor* self) {
    self->set_exception_handler([](std::exception_ptr&) -> caf::error {
      return caf::sec::runtime_error;
    });
    return caf::behavior{[](const http_request&) -> http_response {
      throw std::runtime_error{"a handler that crashes"};
    }};
  });
  REQUIRE(node.put("crashes", handler));
  auto response = ask("crashes");
  REQUIRE(*response);
  CHECK_FALSE(**response);
  handle("page", [](const http_request&) { return http_response{}; });
  response = ask("page");
  REQUIRE(*response);
  CHECK(**response);
}

TEST_CASE_FIXTURE(fixture, "a callback that throws ends nothing") {
  handle("page", [](const http_request&) { return http_response{}; });
  int calls = 0;
  for (auto name : {"page", "nobody", "wsrelay.x"})
    state().ask(name, {}, milliseconds{1000},
                [&](caf::expected<http_response>) {
                  ++calls;
                  throw std::length_error{"field too long"};
                });
  for (auto name : {"page", "nobody", "wsrelay.x"})
    state().find(name, [&](caf::expected<caf::actor>) {
      ++calls;
      throw 42;
    });
  node.run();
  CHECK(calls == 6);
  auto response = ask("page");
  REQUIRE(*response);
  CHECK(**response);
}

TEST_CASE_FIXTURE(fixture, "a callback may ask again") {
  handle("page", [](const http_request&) { return http_response{}; });
  int calls = 0;
  acceptor_state::on_response again = [&](caf::expected<http_response>) {
    if (++calls < 3)
      state().ask("page", {}, milliseconds{1000}, again);
  };
  state().ask("page", {}, milliseconds{1000}, again);
  node.run();
  CHECK(calls == 3);
}

TEST_CASE_FIXTURE(fixture, "an acceptor that ends forgets what it was asked") {
  auto held = std::make_shared<std::vector<caf::response_promise>>();
  auto handler = node.system().spawn([held](caf::event_based_actor* self) {
    return caf::behavior{[held, self](const http_request&) {
      held->push_back(self->make_response_promise());
      return held->back();
    }};
  });
  handlers.push_back(handler);
  REQUIRE(node.put("slow", handler));
  auto token = std::make_shared<int>(0);
  state().ask("slow", {}, milliseconds{1000},
              [token](caf::expected<http_response>) { ++*token; });
  node.run();
  CHECK(token.use_count() == 2);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  node.run();
  CHECK(token.use_count() == 1);
  CHECK(*token == 0);
  for (auto& promise : *held)
    promise.deliver(http_response{});
  held->clear();
  node.advance(milliseconds{100'000});
}

} // namespace wsrelay::acceptor_ask_test
