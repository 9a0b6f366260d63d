// What an example does not handle is no error on the screen.
#include "test/support/checked_node.hpp"
#include "tools/examples/game_lobby.hpp"
#include "tools/examples/greeter.hpp"
#include "tools/examples/hub.hpp"
#include "tools/examples/linked_worker.hpp"
#include "tools/examples/presence.hpp"
#include "tools/examples/session_per_client.hpp"

#include <caf/all.hpp>

#include <iostream>
#include <sstream>

namespace wsrelay::quiet_test {

using namespace wsrelay::test;

namespace {

// What a client with heartbeats makes such a target print.
template <class... Ts>
std::string printed_by(Ts... arguments) {
  std::ostringstream printed;
  auto* before = std::cout.rdbuf(printed.rdbuf());
  {
    test_node node;
    auto target = node.system().spawn(std::move(arguments)...);
    auto client =
        node.connect(target, {.heartbeat_interval = milliseconds{10}});
    node.advance(milliseconds{100});
    CHECK(client.is_open());
    node.lose_all();
    caf::anon_send_exit(target, caf::exit_reason::kill);
    node.run();
  } // CAF's printer writes what it has
  std::cout.rdbuf(before);
  return printed.str();
}

// What CAF does by default.
caf::behavior loud(caf::event_based_actor*) {
  return {[](const ws_join&) {}};
}

} // namespace

TEST_CASE("heartbeats that an example does not handle are not printed") {
  using namespace examples;
  CHECK(printed_by(loud) != "");
  CHECK(printed_by(greeter) == "");
  CHECK(printed_by(hub) == "");
  CHECK(printed_by(lobby) == "");
  CHECK(printed_by(work) == "");
  CHECK(printed_by(session, std::string{"ann"}) == "");
  CHECK(printed_by(presence, presence_report{[](const std::string&) {}}) == "");
}

} // namespace wsrelay::quiet_test
