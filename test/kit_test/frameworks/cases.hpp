// The same tests for each framework: one that passes, and one for each way in
// which the kit fails a test.
#pragma once

#include "test/kit/probe.hpp"
#include "test/kit/test_node.hpp"

#include <caf/all.hpp>

namespace wsrelay::test {

struct nosy_state {
  const char* name = "nosy";
};

// Keeps itself alive: a leak.
inline caf::behavior nosy(caf::stateful_actor<nosy_state>* self) {
  return {[me = caf::actor{self}](int) {}};
}

inline void pass() {
  test_node node;
  probe target{node};
  auto ann = node.connect(target, {.name = "ann"});
  ann.send_text("hi");
  target.expect("join {}");
  target.expect_message("hi");
  ann.expect_nothing();
}

inline void miss_a_text() {
  test_node node;
  probe target{node};
  auto ann = node.connect(target, {.name = "ann"});
  ann.expect_text("hi");
  fail("the test went on");
}

inline void leave_an_actor() {
  test_node node;
  node.system().spawn(nosy);
}

// For an assertion that fails.
inline caf::expected<void> refused() {
  return make_error(errc::busy, "too many");
}

} // namespace wsrelay::test
