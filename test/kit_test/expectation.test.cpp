// What is expected of clients, and what a failure says.
#include "test/kit/json_difference.hpp"
#include "test/kit_test/failures.hpp"
#include "test/support/connected.hpp"

#include <caf/all.hpp>

namespace wsrelay::expectation_test {

using namespace wsrelay::test;

namespace {

struct fixture {
  checked_node node;
  probe target{node, "target"};
  fake_client ann = node.connect(target, {.name = "ann"});
  fake_client bob = node.connect(target);

  void tell(const fake_client& who, std::string data) {
    node.send(who.actor(), ws_send{message_type::text, data});
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "a script takes one message after the other") {
  tell(ann, "hi");
  node.send(ann.actor(), ws_send{message_type::binary, "\x01\xFF"});
  tell(ann, R"({"b":[1,2.0],"a":"\u0041"})");
  node.send(ann.actor(), ws_event{"moved", R"({"y":2,"x":1})"});
  node.send(ann.actor(), ws_event{"a \"b\"", "7"});
  tell(ann, "anything");
  ann.expect_text("hi");
  ann.expect_binary("\x01\xFF");
  ann.expect_json(R"({ "a": "A", "b": [1, 2] })");
  ann.expect_event("moved", R"({"x":1,"y":2})");
  CHECK(ann.expect_event("a \"b\"") == "7");
  CHECK(ann.expect_message() == text("anything"));
  ann.expect_nothing();
  ann.expect_open();
  node.send(ann.actor(), ws_close{4000, "bye"});
  ann.expect_close(4000);
  ann.expect_close(4000, "bye");
}

TEST_CASE_FIXTURE(fixture, "an expectation runs the node only if nothing waits "
                           "to be taken") {
  tell(ann, "one");
  node.run();
  tell(ann, "two");
  ann.expect_text("one");
  CHECK(ann.received().empty());
  ann.expect_text("two");
}

TEST_CASE_FIXTURE(fixture, "a failure says who, what was expected, what came, "
                           "and how the client stands") {
  tell(ann, "ho");
  tell(ann, "ha");
  auto pid = to_string(ann.actor());
  CHECK(failure_of([&] { ann.expect_text("hi"); })
        == "ann (" + pid
               + "): expected text \"hi\"\n  came instead: text \"ho\"\n"
                 "  waits: text \"ha\"\n  its socket is open");
  ann.take();
  CHECK(failure_of([&] { ann.expect_text("hi"); })
        == "ann (" + pid
               + "): expected text \"hi\"\n  nothing came\n"
                 "  its socket is open");
  node.send(ann.actor(), ws_close{4000, "bye"});
  CHECK(
      failure_of([&] { ann.expect_message(); })
      == "ann (" + pid
             + "): expected a message\n  nothing came\n  closed by the relay: "
               "4000 \"bye\"\n  its actor has ended: normal");
  bob.lose();
  CHECK(has(failure_of([&] { bob.expect_open(); }),
            "its socket has ended without a close frame"));
  bob.expect_close(1006);
}

TEST_CASE_FIXTURE(fixture, "each kind of message fails in its own way") {
  tell(ann, "x");
  CHECK(has(failure_of([&] { ann.expect_binary("x"); }),
            "expected binary 78 (1 byte)\n  came instead: text \"x\""));
  tell(ann, R"({"a":{"b":[1,2,3]},"c":1})");
  CHECK(
      has(failure_of([&] { ann.expect_json(R"({"a":{"b":[1,3]},"d":null})"); }),
          "  $.a.b[1]: expected 3, got 2\n  $.a.b[2]: expected nothing, got 3"
          "\n  $.d: expected null, got nothing\n"
          "  $.c: expected nothing, got 1\n"));
  tell(ann, "no JSON");
  CHECK(has(failure_of([&] { ann.expect_json("1"); }), "what came is no JSON"));
  tell(ann, "1");
  CHECK(has(failure_of([&] { ann.expect_json("{"); }),
            "what is expected is no JSON"));
  node.send(ann.actor(), ws_send{message_type::binary, "1"});
  CHECK(has(failure_of([&] { ann.expect_json("1"); }), "came instead: binary"));
  node.send(ann.actor(), ws_event{"moved", "1"});
  CHECK(has(failure_of([&] { ann.expect_event("moved", "2"); }),
            "expected the event moved 2\n  came instead: text "
            "\"{\\\"topic\\\":\\\"moved\\\",\\\"data\\\":1}\"\n"
            "  $: expected 2, got 1"));
  node.send(ann.actor(), ws_event{"moved", "1"});
  CHECK(has(failure_of([&] { ann.expect_event("left"); }),
            "expected an event left\n  came instead"));
  tell(ann, std::string(100, 'x') + "y");
  CHECK(has(failure_of([&] { ann.expect_text(std::string(100, 'x') + "z"); }),
            "they differ from byte 100 on: \"z\", \"y\""));
  tell(ann, "more");
  CHECK(has(failure_of([&] { ann.expect_nothing(); }),
            "expected nothing\n  waits: text \"more\""));
}

TEST_CASE_FIXTURE(fixture, "a key that stands twice is never what was "
                           "expected") {
  node.send(ann.actor(), ws_send::text(R"({"a":1,"a":9})"));
  CHECK(has(failure_of([&] { ann.expect_json(R"({"a":1})"); }),
            "$.a: stands twice"));
}

TEST_CASE_FIXTURE(fixture, "a close that does not fit is told") {
  CHECK(has(failure_of([&] { ann.expect_close(1011); }),
            "expected to be closed with 1011\n  its socket is open"));
  node.send(ann.actor(), ws_close{4000, "bye"});
  CHECK(has(failure_of([&] { ann.expect_close(1006); }), "4000 \"bye\""));
  CHECK(has(failure_of([&] { ann.expect_close(4000, "good bye"); }),
            "closed with 4000 \"good bye\""));
  CHECK(has(failure_of([&] { ann.expect_open(); }), "its socket to be open"));
}

TEST_CASE_FIXTURE(fixture, "of several clients the failure names those that "
                           "are meant") {
  for (auto& each : {ann, bob})
    tell(each, "hi");
  expect_all({ann, bob}).text("hi");
  expect_all({ann, bob}).nothing();
  expect_all({ann, bob}).open();
  tell(ann, "more");
  tell(bob, "less");
  auto text = failure_of([&] { expect_all({ann, bob}).text("more"); });
  CHECK(has(text, "1 of 2 clients:\n" + to_string(bob.actor()) + ": expected"));
  CHECK_FALSE(has(text, "ann"));
  node.send(ann.actor(), ws_event{"t", "1"});
  node.send(bob.actor(), ws_event{"t", "1"});
  expect_all({ann, bob}).each([](auto& each) { each.expect_event("t", "1"); });
  tell(ann, "[1]");
  tell(bob, "[ 1 ]");
  expect_all({ann, bob}).json("[1]");
  target.end();
  expect_all({ann, bob}).close(1000);
}

TEST_CASE_FIXTURE(fixture, "what a target heard is expected line by line") {
  target.expect("join {}");
  target.expect_join("{}");
  ann.send_text("hi");
  target.expect_message("hi");
  bob.send_text("ho");
  target.expect_message("ho");
  bob.close();
  target.expect_leave(leave_reason::client_closed, 1000);
  ann.lose();
  target.expect_leave(leave_reason::connection_lost);
  target.expect_nothing();
  CHECK(target.log().size() == 6);
}

TEST_CASE_FIXTURE(fixture, "what a target did not hear is told") {
  auto who = "target (" + to_string(target.actor()) + "): expected ";
  ann.send_text("hi");
  CHECK(failure_of([&] { target.expect_message("hi"); })
        == who
               + "a message \"hi\"\n  came instead: \"join {}\"\n"
                 "  waits: \"join {}\"\n  waits: \"message 1 hi\"");
  CHECK(has(failure_of([&] { target.expect_join("[]"); }),
            "expected a join []\n  came instead: ws_join"));
  CHECK(has(failure_of([&] { target.expect_nothing(); }),
            "expected nothing\n  waits: \"message 1 hi\""));
  CHECK(has(failure_of([&] { target.expect_message("ho"); }),
            "ws.message seq=1 text \"hi\""));
  CHECK(failure_of([&] { target.expect("join {}"); })
        == who + "\"join {}\"\n  nothing came");
  ann.lose();
  CHECK(has(failure_of([&] {
              target.expect_leave(leave_reason::client_closed, 1000);
            }),
            "expected a leave: client_closed 1000\n  came instead: ws_leave"));
}

TEST_CASE("a failure has the line of its test, and is a std::exception") {
  auto before = on_failure({});
  auto line = __LINE__ + 2;
  try {
    fail("text");
    FAIL("nothing was thrown");
  } catch (const std::exception& failure) {
    CHECK(std::string{failure.what()}
          == std::string{__FILE__} + ":" + std::to_string(line) + ": text");
  }
  on_failure(std::move(before));
}

TEST_CASE_FIXTURE(fixture, "a handler hears of failures, and the test goes "
                           "on") {
  kept_failures failures;
  ann.expect_text("hi");
  CHECK(ann.expect_event("t").empty());
  CHECK(ann.expect_message() == client_message{});
  CHECK(failures.texts.size() == 3);
}

TEST_CASE("a client may outlive its node") {
  std::optional<fake_client> client;
  {
    checked_node node;
    probe target{node};
    client = node.connect(target);
    node.run();
  }
  client->expect_nothing();
  client->expect_close(1006);
}

TEST_CASE("whatever was said last of joins holds") {
  checked_node node;
  probe target{node};
  auto refused = make_error(errc::target_refused);
  auto outcome = [&] {
    auto client = node.connect(target);
    node.run();
    auto result = client.is_open() ? "open" : "closed";
    target.release();
    client.lose();
    node.run();
    return std::string{result};
  };
  target.refuse_joins(refused);
  CHECK(outcome() == "closed");
  target.hold_joins();
  CHECK(outcome() == "open"); // it is asked, and waits
  target.hold_joins();
  target.refuse_joins(refused);
  CHECK(outcome() == "closed");
  target.accept_joins();
  CHECK(outcome() == "open");
  target.clear();
  target.refuse_joins(refused);
  target.hold_joins();
  auto client = node.connect(target);
  target.expect("join {}");
  client.send_text("waits");
  target.expect_nothing();
  target.release();
  target.expect_message("waits");
}

TEST_CASE("integers of JSON are compared and told exactly, up to 64 bits") {
  for (auto* number : {"9007199254740993", "9223372036854775807",
                       "18446744073709551615", "-9223372036854775808"})
    CHECK_FALSE(json_difference(number, number));
  CHECK(json_difference("9007199254740993", "9007199254740992")
        == "  $: expected 9007199254740993, got 9007199254740992");
  CHECK(json_difference("18446744073709551615", "18446744073709551614")
        == "  $: expected 18446744073709551615, got 18446744073709551614");
  CHECK(json_difference("18446744073709551615", "-1")
        == "  $: expected 18446744073709551615, got -1");
  CHECK(json_difference("[9007199254740993]", "[9007199254740992.0]"));
  CHECK(json_difference("-9223372036854775807", "-9223372036854775808.0"));
  CHECK(json_difference("18446744073709551615", "18446744073709551616"));
}

TEST_CASE("a number of JSON may be spelled in another way") {
  CHECK_FALSE(json_difference("[1, 1000, -2, 0]", "[1.0, 1e3, -2.0, -0.0]"));
  CHECK_FALSE(json_difference("1.50", "15e-1"));
  CHECK(json_difference("1", "1.5"));
  CHECK(json_difference("-1", "1e300"));
}

} // namespace wsrelay::expectation_test
