// Questions for numbers, one at a time.
#include "actors/stats_line.hpp"
#include "test/support/far_node.hpp"

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
      : line{self, [self, this](auto&) {
               collector = self->spawn([](caf::event_based_actor* silent) {
                 silent->set_default_handler(caf::skip);
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
            return self->state.line.ask(request);
          },
          [self](caf::get_atom) { return self->state.collectors; },
          [self](caf::tick_atom) { // the collector at work ends
            self->send_exit(self->state.collector, caf::exit_reason::kill);
          }};
}

struct fixture {
  checked_node node;
  caf::actor actor = node.system().spawn(asked);

  ~fixture() {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    node.run();
  }

  pending_reply<connection_page> ask() {
    auto reply =
        node.begin_request<connection_page>(actor, acceptor_page_get{0});
    node.run();
    return reply;
  }

  int collectors() { return *node.request<int>(actor, caf::get_atom_v); }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "the next question is answered when the collector "
                           "of the one before has ended, however") {
  auto first = ask();
  auto second = ask();
  CHECK(collectors() == 1);
  node.send(actor, caf::tick_atom_v);
  node.run();
  CHECK(collectors() == 2);
}

TEST_CASE_FIXTURE(fixture,
                  "as many of a node wait as may wait, and one more is "
                  "refused") {
  std::vector<pending_reply<connection_page>> waiting;
  for (std::size_t i = 0; i < 1 + max_waiting_stats_of_node; ++i)
    waiting.push_back(ask());
  CHECK(ask().failed_with(errc::busy));
  node.send(actor, caf::tick_atom_v);
  node.run();
  CHECK_FALSE(ask().answered());
}

TEST_CASE_FIXTURE(fixture, "who asks without end leaves room for others, of "
                           "which there are so many") {
  std::vector<std::unique_ptr<far_node>> nodes;
  auto refused = [&](std::size_t which) { // and asks once more
    auto& got = far_node::as_far(nodes[which]->directory).got;
    auto before = got.size();
    nodes[which]->ask(actor, acceptor_page_get{0});
    return got.size() - before;
  };
  auto all = max_waiting_stats / max_waiting_stats_of_node - 1; // and this one
  for (std::size_t i = 0; i < all; ++i)
    nodes.push_back(std::make_unique<far_node>(node, "123456789abcdef"[i]));
  CHECK(refused(0) == 0); // it is at work
  for (std::size_t which = 0; which < all; ++which) {
    for (std::size_t i = 0; i < max_waiting_stats_of_node; ++i)
      CHECK(refused(which) == 0);
    CHECK(refused(which) == 1);
  }
  std::vector<pending_reply<connection_page>> own;
  for (std::size_t i = 0; i < max_waiting_stats_of_node; ++i)
    CHECK_FALSE(own.emplace_back(ask()).answered());
  CHECK(ask().failed_with(errc::busy));
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
