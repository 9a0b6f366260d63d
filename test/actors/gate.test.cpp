// The gate: handlers and targets, asked from outside of actors.
#include "actors/gate.hpp"

#include "test/support/connected.hpp"

#include <caf/all.hpp>

#include <optional>

using namespace wsrelay;
using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  caf::actor actor{spawn_on(node.system(), nullptr, gate, node.directory())};
  std::vector<caf::actor> handlers;
  std::optional<caf::expected<http_response>> response;

  fixture() { node.run(); }

  ~fixture() {
    for (auto& handler : handlers)
      caf::anon_send_exit(handler, caf::exit_reason::kill);
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  }

  gate_state& state() {
    return static_cast<gate_actor*>(
               caf::actor_cast<caf::abstract_actor*>(actor))
        ->state;
  }

  template <class F>
  void handle(std::string name, F f) {
    handlers.push_back(node.system().spawn([f](caf::event_based_actor* self) {
      self->set_default_handler(caf::drop);
      return caf::behavior{f};
    }));
    REQUIRE(node.put(std::move(name), handlers.back()));
  }

  void ask(std::string handler, http_request request = {}) {
    state().ask(
        handler, std::move(request), milliseconds{1000},
        [this](caf::expected<http_response> x) { response = std::move(x); });
    CHECK_FALSE(response); // never before it returns
    node.run();
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
  ask("page", request);
  REQUIRE(response);
  REQUIRE(*response);
  CHECK((*response)->status == 404);
  CHECK((*response)->headers == http_fields{{"X-Path", "/a"}});
  CHECK((*response)->body.view() == "body");
}

TEST_CASE_FIXTURE(fixture, "a handler may answer with a target's handle") {
  probe target{node};
  handle("ws", [to = target.actor()](const http_request&) {
    http_response result;
    result.relay = relay_to{to, "in", milliseconds{5}, "{}"};
    return result;
  });
  ask("ws");
  REQUIRE(response);
  REQUIRE(*response);
  CHECK((*response)->relay->target == target.actor());
}

TEST_CASE_FIXTURE(fixture, "a handler's error is passed on") {
  handle("bad", [](const http_request&) -> caf::result<http_response> {
    return make_error(errc::busy);
  });
  ask("bad");
  REQUIRE(response);
  CHECK(is(response->error(), errc::busy));
}

TEST_CASE_FIXTURE(fixture, "a handler that nobody registered is an error") {
  ask("nobody");
  REQUIRE(response);
  CHECK(is(response->error(), errc::no_such_target));
}

TEST_CASE_FIXTURE(fixture, "an actor that knows no requests is an error") {
  handle("other", [](int) {});
  ask("other");
  REQUIRE(response);
  CHECK(response->error() == caf::sec::unexpected_message);
}

TEST_CASE_FIXTURE(fixture,
                  "a handler that answers something else is an error") {
  handle("odd", [](const http_request&) { return 42; });
  ask("odd");
  REQUIRE(response);
  CHECK(response->error() == caf::sec::unexpected_response);
}

TEST_CASE_FIXTURE(fixture, "a silent handler is given up at its timeout") {
  auto held = std::make_shared<std::vector<caf::response_promise>>();
  handlers.push_back(node.system().spawn([held](caf::event_based_actor* self) {
    return caf::behavior{[held, self](const http_request&) {
      held->push_back(self->make_response_promise());
      return held->back();
    }};
  }));
  REQUIRE(node.put("slow", handlers.back()));
  ask("slow");
  node.advance(milliseconds{999});
  CHECK_FALSE(response);
  node.advance(milliseconds{1});
  REQUIRE(response);
  CHECK(response->error() == caf::sec::request_timeout);
  held->clear();
}

TEST_CASE_FIXTURE(fixture,
                  "a handler that ends while it is asked is an error") {
  handlers.push_back(node.system().spawn([](caf::event_based_actor* self) {
    return caf::behavior{[self](const http_request&) {
      self->quit(caf::exit_reason::user_shutdown);
      return self->make_response_promise();
    }};
  }));
  REQUIRE(node.put("dies", handlers.back()));
  ask("dies");
  node.advance(milliseconds{1000});
  REQUIRE(response);
  CHECK_FALSE(*response);
}

TEST_CASE_FIXTURE(fixture, "a target is found by name and by PID") {
  probe target{node};
  REQUIRE(node.put("chat", target));
  std::vector<caf::actor> found;
  std::vector<caf::error> errors;
  auto keep = [&](caf::expected<caf::actor> x) {
    if (x)
      found.push_back(*x);
    else
      errors.push_back(x.error());
  };
  auto client = node.connect(target);
  node.run();
  state().find("chat", keep);
  state().find(to_string(client.actor()), keep);
  state().find("nobody", keep);
  node.run();
  CHECK(found == std::vector{target.actor(), client.actor()});
  REQUIRE(errors.size() == 1);
  CHECK(is(errors[0], errc::no_such_target));
}
