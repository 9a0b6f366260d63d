// What an actor with a shared behavior answers, and to whom.
#include "actors/shared_behavior.hpp"

#include "actors/messages.hpp"
#include "test/kit/test_node.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::shared_behavior_test {

namespace {

struct shared_state;
using shared_actor = caf::stateful_actor<shared_state>;

// Each kind of handler, with messages that exist.
struct shared_state {
  explicit shared_state(shared_actor* self) : self{self} {}

  void on_send(const ws_send& message) { last = message.data.view(); }
  caf::result<void> on_event(const ws_event& message) {
    if (message.topic.empty())
      return caf::sec::invalid_argument;
    return caf::unit;
  }
  caf::result<int> on_close(const ws_close& message) {
    if (message.code == 0)
      return caf::sec::invalid_argument;
    return static_cast<int>(message.code);
  }
  std::string on_leave(const ws_leave&) const { return last; }
  caf::result<void> on_control(const ws_control&) {
    promise = self->make_response_promise();
    return promise;
  }

  shared_actor* self;
  std::string last;
  caf::response_promise promise;
};

caf::behavior shared(shared_actor* self) {
  using me = shared_state;
  return share_behavior<shared_actor, &me::on_send, &me::on_event,
                        &me::on_close, &me::on_leave, &me::on_control>(self);
}

struct fixture {
  test::test_node node;
  caf::actor actor = node.system().spawn(shared);
  caf::actor other = node.system().spawn(shared);

  shared_state& state(const caf::actor& who) {
    return static_cast<shared_actor*>(
               caf::actor_cast<caf::abstract_actor*>(who))
        ->state;
  }

  ~fixture() {
    for (auto& each : {actor, other})
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    node.run();
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a handler without a result answers with nothing") {
  CHECK(node.request<void>(actor, ws_send{message_type::text, "hi"}));
  CHECK(state(actor).last == "hi");
}

TEST_CASE_FIXTURE(fixture, "each actor has a state of its own") {
  node.send(actor, ws_send{message_type::text, "one"});
  node.send(other, ws_send{message_type::text, "two"});
  node.run();
  CHECK(*node.request<std::string>(actor, ws_leave{}) == "one");
  CHECK(*node.request<std::string>(other, ws_leave{}) == "two");
}

TEST_CASE_FIXTURE(fixture, "values and errors of results are answers") {
  CHECK(node.request<void>(actor, ws_event{"news", "1"}));
  CHECK(node.request<void>(actor, ws_event{}).error()
        == caf::sec::invalid_argument);
  CHECK(*node.request<int>(actor, ws_close{1000, ""}) == 1000);
  CHECK(node.request<int>(actor, ws_close{0, ""}).error()
        == caf::sec::invalid_argument);
}

TEST_CASE_FIXTURE(fixture, "a promise answers later") {
  auto reply = node.begin_request<void>(actor, ws_control{});
  node.run();
  CHECK_FALSE(reply.answered());
  state(actor).promise.deliver(caf::unit);
  node.run();
  CHECK(reply.succeeded());
}

TEST_CASE_FIXTURE(fixture, "what nobody handles is an error to who asks") {
  CHECK(node.request<void>(actor, ws_join{}).error()
        == caf::sec::unexpected_message);
  CHECK(node.request<void>(actor, caf::ok_atom_v).error()
        == caf::sec::unexpected_message);
}

TEST_CASE_FIXTURE(fixture, "who asks nothing hears nothing") {
  int heard = 0;
  auto sender = node.system().spawn([&](caf::event_based_actor* self) {
    self->set_default_handler([&](caf::scheduled_actor*, caf::message_view&) {
      ++heard;
      return caf::result<caf::message>{caf::message{}};
    });
    self->set_error_handler([&](caf::error&) { ++heard; });
    self->send(actor, ws_send{message_type::text, "hi"});
    self->send(actor, ws_event{"news", "1"});
    self->send(actor, ws_join{});
    return caf::behavior{[](int) {}};
  });
  node.run();
  CHECK(state(actor).last == "hi");
  CHECK(heard == 0);
  caf::anon_send_exit(sender, caf::exit_reason::user_shutdown);
}

} // namespace wsrelay::shared_behavior_test
