// The unit test of a target: no socket, no thread, no clock.
#include "greeter.hpp"

#include <wsrelay/test/kit/test_node.hpp>

#include <cstdlib>

int main() {
  wsrelay::test::test_node node;
  auto client = node.connect(node.system().spawn(greeter));
  client.send_text("hello");
  node.run();
  auto events = client.take_events();
  auto greeted = events.size() == 1 && events[0].topic == "greeting"
                 && events[0].data == "\"hi\"";
  return greeted ? EXIT_SUCCESS : EXIT_FAILURE;
}
