// Timeouts of actors, as the scheduler's clock keeps them.
#include "net/scheduler.hpp"

#include "net/system_config.hpp"
#include "test/net/support.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>

#include <optional>

namespace wsrelay::scheduler_test {

using namespace wsrelay::test;

namespace {

caf::behavior silent(caf::event_based_actor* self) {
  return {[self](int) { return self->make_response_promise(); }};
}

// Asks, ends with an error, or when it is told to.
caf::behavior asking(caf::event_based_actor* self, const caf::actor& whom,
                     std::chrono::milliseconds timeout) {
  self->request(whom, timeout, 1)
      .then([](int) {}, [self](caf::error& why) { self->quit(why); });
  return {[self](caf::ok_atom) { self->quit(); }};
}

// Ends when nothing has come for a while.
caf::behavior patient(caf::event_based_actor* self) {
  return {[](int) {}, caf::after(1ms) >> [self] { self->quit(); }};
}

struct fixture {
  explicit fixture(caf::string_view policy = "sharing") {
    config.set("scheduler.policy", caf::atom_from_string(policy));
    system.emplace(config);
  }

  /// Waits until an actor ends, and returns why.
  caf::error end_of(const caf::actor& who) {
    caf::scoped_actor self{*system};
    caf::error result;
    self->monitor(who);
    self->receive([&](caf::down_msg& down) { result = down.reason; });
    return result;
  }

  system_config config;
  std::optional<caf::actor_system> system;
};

void check_timeouts(fixture& at) {
  auto nobody = at.system->spawn(silent);
  CHECK(at.end_of(at.system->spawn(asking, nobody, 1ms))
        == caf::sec::request_timeout);
  CHECK_FALSE(at.end_of(at.system->spawn(patient)));
  caf::scoped_actor self{*at.system};
  self->delayed_send(self, 1ms, 7);
  self->receive([](int number) { CHECK(number == 7); });
}

} // namespace

TEST_CASE_FIXTURE(fixture, "timeouts come") {
  check_timeouts(*this);
}

TEST_CASE("timeouts come with each of CAF's policies") {
  fixture at{"stealing"};
  check_timeouts(at);
}

TEST_CASE_FIXTURE(fixture, "an actor that ends takes its timeouts along") {
  auto asker = system->spawn(asking, system->spawn(silent), 1h);
  auto address = caf::actor_cast<caf::actor_addr>(asker);
  caf::anon_send(asker, caf::ok_atom_v);
  CHECK_FALSE(end_of(asker));
  asker = nullptr;
  CHECK(holds_soon([&] { return !caf::actor_cast<caf::actor>(address); }));
}

} // namespace wsrelay::scheduler_test
