// The echo target.
#include "tools/targets/echo.hpp"

#include "test/support/checked_node.hpp"

#include <caf/all.hpp>

#include <iostream>
#include <sstream>

namespace wsrelay::echo_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  caf::actor target{node.system().spawn(echo)};

  ~fixture() { caf::anon_send_exit(target, caf::exit_reason::kill); }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "every message comes back as it came, in order") {
  auto client = node.connect(target);
  client.send_text("caf\xC3\xA9");
  client.send_binary(std::string{"\0\xFF", 2});
  client.send_text("");
  node.run();
  CHECK(client.take()
        == std::vector{text("caf\xC3\xA9"), binary(std::string{"\0\xFF", 2}),
                       text("")});
}

TEST_CASE_FIXTURE(fixture, "what it does not know is an error to who asks, and "
                           "is not printed") {
  std::ostringstream printed;
  auto* before = std::cout.rdbuf(printed.rdbuf());
  caf::scoped_actor self{node.system()};
  auto asked = self->request(target, caf::infinite,
                             http_request{.method = "POST", .body = "secret"});
  node.run();
  asked.receive([](const http_response&) { FAIL("it is no handler"); },
                [](const caf::error& error) {
                  CHECK(error == caf::sec::unexpected_message);
                });
  std::cout.rdbuf(before);
  CHECK(printed.str().empty());
}

TEST_CASE_FIXTURE(fixture, "each client hears its own messages only") {
  auto first = node.connect(target);
  auto second = node.connect(target, {.message_topic = "other.topic"});
  first.send_text("1");
  second.send_text("2");
  node.run();
  CHECK(first.take() == std::vector{text("1")});
  CHECK(second.take() == std::vector{text("2")});
}

TEST_CASE_FIXTURE(fixture, "heartbeats and ends are no messages") {
  auto client = node.connect(target, {.heartbeat_interval = milliseconds{10}});
  auto other = node.connect(target);
  node.advance(milliseconds{100});
  other.close();
  node.run();
  CHECK(client.take().empty());
  CHECK(client.is_open());
}

TEST_CASE_FIXTURE(fixture, "a client that does not read is closed, not kept") {
  constexpr std::size_t limit = 10 * (100 + queued_message_cost);
  auto client = node.connect(target, {.output_limit = limit});
  client.stall();
  for (int i = 0; i < 11; ++i)
    client.send_binary(std::string(100, 'x'));
  node.run();
  client.read_again();
  node.run();
  CHECK(client.take().size() == 10);
  CHECK(client.close_frame()
        == client_close{
            1013, "too slow: read what comes sooner, then connect again"});
}

} // namespace wsrelay::echo_test
