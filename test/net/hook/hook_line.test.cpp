// What one try sends, and what comes again.
#include "net/hook/hook_line.hpp"

#include <doctest/doctest.h>

namespace wsrelay::hook_line_test {

namespace {

ws_join join(std::string_view state = {}) {
  ws_join result{};
  result.client_pid = "1@x";
  result.state = state;
  return result;
}

hook_event message(std::uint64_t seq, std::string_view topic = "ws.message") {
  ws_message result{};
  result.client_pid = "1@x";
  result.seq = seq;
  result.topic = topic;
  return make_message(result);
}

} // namespace

TEST_CASE("the command's state is there from the join on, in each try") {
  hook_line line{join("abc")};
  CHECK(line.add(make_connected(join(), 1)));
  CHECK(line.subject().state == "");
  line.begin(1, {});
  CHECK(line.subject().state == "abc");
  CHECK(line.wait() == 1);
  line.begin(1, {});
  CHECK(line.subject().state == "abc");
  line.set_state("of the server");
  line.finish();
  line.begin_again("def");
  CHECK(line.subject().state == "of the server"); // its end is not told yet
  line.add(make_connected(join(), 2));
  line.begin(1, {});
  CHECK(line.subject().state == "def");
}

TEST_CASE("what was sent together comes again together, and no more") {
  hook_line line{join()};
  line.add(message(1));
  CHECK(line.begin(10, {}).size() == 1);
  line.add(message(2));
  line.wait();
  CHECK(line.begin(10, {}).size() == 1);
  line.put_off();
  CHECK(line.begin(10, {}).size() == 1);
  line.finish();
  line.add(message(3));
  line.add(message(4, "other"));
  CHECK(line.begin(10, {}).size() == 2); // of one topic
  line.finish();
  CHECK(line.front().seq == 4);
}

TEST_CASE("a join is taken back as long as nobody has heard of it") {
  hook_line line{join()};
  CHECK_FALSE(line.drop_unsent_join());
  line.add(make_connected(join(), 1));
  CHECK(line.drop_unsent_join());
  CHECK(line.empty());
  line.add(make_connected(join(), 2));
  line.begin(1, {});
  CHECK_FALSE(line.drop_unsent_join());
  line.put_off();
  CHECK_FALSE(line.drop_unsent_join());
}

} // namespace wsrelay::hook_line_test
