// Questions for numbers, one at a time.
#include "actors/stats_line.hpp"
#include "test/kit/test_node.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>

namespace wsrelay::stats_line_test {

using namespace wsrelay::test;

namespace {

struct asked_state;
using asked_actor = caf::stateful_actor<asked_state>;

// Its collectors answer nobody.
struct asked_state {
  static inline const char* name = "asked";

  explicit asked_state(asked_actor* self)
      : line{self, [self, this](std::optional<std::uint64_t>) {
               collector = self->spawn([](caf::event_based_actor* silent) {
                 silent->set_default_handler(caf::drop);
                 return caf::behavior{[](caf::ok_atom) {}};
               });
               ++collectors;
               return collector;
             }} {}

  stats_line line;
  caf::actor collector;
  int collectors = 0;
};

caf::behavior asked(asked_actor* self) {
  self->set_down_handler([self](caf::down_msg& message) {
    self->state.line.on_down(message.source);
  });
  return {[self](acceptor_page_get request) {
            return self->state.line.ask(request.after);
          },
          [self](caf::get_atom) { return self->state.collectors; },
          [self](caf::tick_atom) { // the collector at work ends
            self->send_exit(self->state.collector, caf::exit_reason::kill);
          }};
}

struct fixture {
  test_node node;
  caf::actor actor = node.system().spawn(asked);

  pending_reply<connection_page> ask() {
    auto reply =
        node.begin_request<connection_page>(actor, acceptor_page_get{0});
    node.run();
    return reply;
  }

  int collectors() { return *node.request<int>(actor, caf::get_atom::value); }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "the next question is answered when the collector "
                           "of the one before has ended, however") {
  auto first = ask();
  auto second = ask();
  CHECK(collectors() == 1);
  node.send(actor, caf::tick_atom::value);
  node.run();
  CHECK(collectors() == 2);
}

TEST_CASE_FIXTURE(fixture,
                  "as many wait as may wait, and one more is refused") {
  std::vector<pending_reply<connection_page>> waiting;
  for (std::size_t i = 0; i < 1 + max_waiting_stats; ++i)
    waiting.push_back(ask());
  CHECK(ask().failed_with(errc::busy));
  node.send(actor, caf::tick_atom::value);
  node.run();
  CHECK_FALSE(ask().answered());
}

TEST_CASE_FIXTURE(fixture, "who waits when the actor ends is told") {
  auto first = ask();
  auto second = ask();
  auto third = ask();
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  node.run();
  for (auto* each : {&second, &third})
    CHECK(each->error() == caf::sec::request_receiver_down);
}

} // namespace wsrelay::stats_line_test
