// What assertions print.
#include "test/kit/fake_client.hpp"
#include "test/kit/with_doctest.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

namespace wsrelay::print_test {

using namespace wsrelay::test;

namespace {

// As an assertion of doctest does it.
template <class T>
std::string in_doctest(const T& value) {
  using doctest::toString;
  return toString(value).c_str();
}

struct unprintable {};

} // namespace

TEST_CASE("an assertion prints what clients get") {
  CHECK(in_doctest(text("a\n")) == "text \"a\\n\"");
  CHECK(in_doctest(binary(std::string{"\0\xFF", 2}))
        == "binary 00 ff (2 bytes)");
  CHECK(in_doctest(std::vector{text("a"), binary("b")})
        == "{text \"a\", binary 62 (1 byte)}");
  CHECK(in_doctest(std::vector<client_message>{}) == "{}");
  CHECK(in_doctest(std::optional{client_close{1000, "bye"}}) == "1000 \"bye\"");
  CHECK(in_doctest(std::optional<client_close>{}) == "nothing");
  CHECK(in_doctest(std::vector{client_event{"t", "1"}}) == "{t 1}");
  CHECK(in_doctest(text_list{"a", "b"}) == "\n  \"a\"\n  \"b\"");
  CHECK(text_list{"a"} == std::vector<std::string>{"a"});
  CHECK(shown_text(std::string(200, 'x')).size() == 202);
  CHECK(shown_text(std::string(201, 'x')).ends_with("... (201 bytes)"));
  CHECK(shown_bytes(std::string(33, 'x')).ends_with("78 ... (33 bytes)"));
}

TEST_CASE("an assertion prints the values of messages") {
  CHECK(in_doctest(message_type::binary) == "binary");
  CHECK(in_doctest(leave_reason::transferred) == "transferred");
  CHECK(in_doctest(static_cast<leave_reason>(99)) == "leave_reason 99");
  CHECK(in_doctest(std::optional{leave_reason::closed}) == "closed");
  CHECK(in_doctest(end_cause::join_refused) == "join_refused");
  CHECK(in_doctest(errc::invalid_json) == "invalid_json");
  CHECK(in_doctest(shared_buffer{"a"}) == "\"a\"");
  CHECK(in_doctest(shared_buffer{"\xFF"}) == "ff (1 byte)");
  CHECK(in_doctest(close_info{leave_reason::closed, 4000, "x"})
        == "closed 4000 \"x\"");
  CHECK(in_doctest(ws_send{message_type::text, "hi"}) == "ws_send text \"hi\"");
  CHECK(in_doctest(ws_close{1000, "bye"}) == "ws_close 1000 \"bye\"");
  CHECK(in_doctest(ws_event{"t", "1"}) == "ws_event t 1");
  CHECK(in_doctest(ws_join{{}, "1@x", "{}"}) == "ws_join 1@x {}");
  CHECK(
      in_doctest(ws_message{{}, "1@x", "t", 2, message_type::text, "hi", "{}"})
      == "ws_message 1@x t seq=2 text \"hi\"");
  CHECK(in_doctest(ws_leave{{}, "1@x", leave_reason::closed, 1000, "", 3, "{}"})
        == "ws_leave 1@x closed 1000 \"\" last=3");
  CHECK(in_doctest(ws_heartbeat{{}, "1@x", milliseconds{5}, 2, "{}"})
        == "ws_heartbeat 1@x 5ms messages=2");
  CHECK(in_doctest(ws_overflow{{}, "1@x", 1, 2})
        == "ws_overflow 1@x dropped=1 queued=2");
  CHECK(in_doctest(ws_drained{{}, "1@x", 1}) == "ws_drained 1@x dropped=1");
  CHECK(in_doctest(ws_refused{"{}", "origin"}) == "ws_refused origin {}");
  ws_control control;
  control.target_pid = "chat";
  control.metadata = shared_buffer{"{}"};
  CHECK(in_doctest(control) == "ws_control target_pid=chat metadata={}");
  http_request request;
  request.method = "GET";
  request.target = "/a?b";
  CHECK(in_doctest(request) == "http_request GET /a?b");
  http_response response;
  response.body = "no";
  CHECK(in_doctest(response) == "http_response 200 \"no\"");
  response.relay = relay_to{};
  CHECK(in_doctest(*response.relay) == "relay_to no actor {}");
  CHECK(in_doctest(response.relay) == "relay_to no actor {}");
}

TEST_CASE("an assertion prints CAF's values and results") {
  auto closing = make_error(errc::closing, "it ends");
  CHECK(in_doctest(closing) == "closing: it ends");
  CHECK(in_doctest(caf::error{}) == "none");
  CHECK(in_doctest(caf::error{caf::exit_reason::kill}) == "kill");
  CHECK(in_doctest(caf::sec::request_timeout) == "request_timeout");
  CHECK(in_doctest(caf::exit_reason::kill) == "kill");
  CHECK(in_doctest(caf::actor{}) == "no actor");
  CHECK(in_doctest(caf::make_message(7)) == "(7)");
  CHECK(in_doctest(std::optional{closing}) == "closing: it ends");
  CHECK(in_doctest(caf::expected<int>{7}) == "7");
  CHECK(in_doctest(caf::expected<int>{closing}) == "!closing: it ends");
  CHECK(in_doctest(caf::expected<void>{caf::unit}) == "success");
  CHECK(in_doctest(caf::expected<void>{closing}) == "!closing: it ends");
  CHECK(in_doctest(caf::expected<unprintable>{unprintable{}}) == "a value");
  CHECK(in_doctest(caf::expected<http_response>{http_response{}})
        == "http_response 200");
  CHECK(in_doctest(caf::optional<int>{}) == "nothing");
  CHECK(in_doctest(caf::optional<int>{7}) == "7");
  CHECK(in_doctest(result<int>{7}) == "7");
  CHECK(in_doctest(result<int>{failure{"no"}}) == "!no");
  CHECK(in_doctest(passed()) == "passed");
}

} // namespace wsrelay::print_test
