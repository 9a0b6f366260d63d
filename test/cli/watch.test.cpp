// Events as lines.
#include "tools/wsrelay/watch.hpp"

#include <doctest/doctest.h>

namespace wsrelay::watch_test {

using namespace wsrelay::cli;

namespace {

const wall_time when{std::chrono::milliseconds{1'700'000'000'042}};

ws_traffic message(std::string_view data, message_type type,
                   std::uint64_t missed = 0) {
  return {"1@x", traffic_kind::in, 7, type, 5, shared_buffer{data}, {}, missed};
}

const ws_traffic moved{
    "1@x", traffic_kind::transferred, 7, message_type::text, 0, "9@x", {}, 0};
const ws_traffic ended{
    "1@x",      traffic_kind::ended,         1013, message_type::text, 0,
    "too slow", leave_reason::slow_consumer, 0};

} // namespace

TEST_CASE("an event is a line that begins with its time") {
  CHECK(to_line(message("", message_type::binary), when)
        == "2023-11-14T22:13:20.042Z  in     #7 binary 5 B\n");
  CHECK(to_line(message("hi\x1b", message_type::text), when)
        == "2023-11-14T22:13:20.042Z  in     #7 text 5 B  hi\\x1b\n");
  CHECK(to_line(moved, when)
        == "2023-11-14T22:13:20.042Z  transferred  to 9@x\n");
  CHECK(to_line(ended, when)
        == "2023-11-14T22:13:20.042Z  ended  slow_consumer 1013  too slow\n");
}

TEST_CASE("what was missed before an event has a line of its own") {
  CHECK(to_line(message("", message_type::text, 3), when)
        == "2023-11-14T22:13:20.042Z  missed 3 events\n"
           "2023-11-14T22:13:20.042Z  in     #7 text 5 B\n");
}

TEST_CASE("as JSON an event is one object in one line") {
  CHECK(to_json_line(message("a\n", message_type::text, 3), when)
        == R"({"time":"2023-11-14T22:13:20.042Z","pid":"1@x","event":"in",)"
           R"("number":7,"type":"text","size":5,"data":"a\n","missed":3})"
           "\n");
  CHECK(to_json_line(message("\xff", message_type::binary), when)
            .find(R"("data_base64":"/w==")")
        != std::string::npos);
  CHECK(to_json_line(moved, when)
        == R"({"time":"2023-11-14T22:13:20.042Z","pid":"1@x",)"
           R"("event":"transferred","target":"9@x","missed":0})"
           "\n");
  CHECK(to_json_line(ended, when)
        == R"({"time":"2023-11-14T22:13:20.042Z","pid":"1@x","event":"ended",)"
           R"("reason":"slow_consumer","code":1013,"text":"too slow",)"
           R"("missed":0})"
           "\n");
}

} // namespace wsrelay::watch_test
