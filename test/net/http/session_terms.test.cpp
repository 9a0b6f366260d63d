// What a client and its route agree on.
#include "net/http/session_terms.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wsrelay::session_terms_test {

using std::chrono::milliseconds;
using strings = std::vector<std::string>;

namespace {

constexpr milliseconds now{1'700'000'000'000};
constexpr unsigned blame = 502;

http_fields offering(std::string value) {
  return {{"Sec-WebSocket-Protocol", std::move(value)}};
}

endpoint_config speaking(strings names, bool required = false) {
  endpoint_config result;
  result.subprotocols = std::move(names);
  result.require_subprotocol = required;
  return result;
}

std::string to_text(const problem& value) {
  return std::to_string(value.status) + " " + value.check + ": " + value.detail;
}

std::string check(const endpoint_config& route, const http_fields& headers) {
  auto found = check_offers(route, headers);
  return found ? to_text(*found) : "";
}

/// What comes together; the rest is that of a client that wants little.
struct meeting {
  relay_command command{"a"};
  std::string answered{};
  endpoint_config route{};
  expiry_options expiry{};
  http_fields headers{};
  unsigned to_blame = blame;

  /// "SUBPROTOCOL until TIME", or the problem.
  std::string outcome() const {
    auto agreed = agree_on_terms(command, answered, route, expiry, headers,
                                 to_blame, now);
    if (auto* bad = std::get_if<problem>(&agreed))
      return to_text(*bad);
    auto& terms = std::get<session_terms>(agreed);
    return terms.subprotocol + " until "
           + std::to_string(terms.expires_at.count());
  }
};

/// A client that offers a, b and c to a route that speaks c and b.
meeting usual() {
  meeting result;
  result.route = speaking({"c", "b"});
  result.headers = offering("a, b, c");
  return result;
}

const std::string not_offered =
    "502 subprotocol: the handler chose a subprotocol that was not offered";

} // namespace

// -- what is offered ----------------------------------------------------------

TEST_CASE("a route that requires nothing takes any offer, and none") {
  CHECK(check({}, {}) == "");
  CHECK(check({}, offering("a")) == "");
  CHECK(check(speaking({"a"}), {}) == "");
  CHECK(check(speaking({"a"}), offering("b")) == "");
}

TEST_CASE("an offer that is no list of tokens is refused by every route") {
  auto no_token = "400 subprotocol: Sec-WebSocket-Protocol holds what is no "
                  "token";
  CHECK(check({}, offering("a b")) == no_token);
  CHECK(check(speaking({"a"}), offering("a, \"b\"")) == no_token);
  CHECK(check(speaking({"a"}, true), offering("a, \"b\"")) == no_token);
  CHECK(check({}, offering("a, a"))
        == "400 subprotocol: Sec-WebSocket-Protocol offers one twice");
}

TEST_CASE("a route that requires a subprotocol names its own") {
  auto route = speaking({"v2.chat", "v1.chat"}, true);
  auto wanted = "400 subprotocol: a subprotocol must be offered: v2.chat, "
                "v1.chat";
  CHECK(check(route, {}) == wanted);
  CHECK(check(route, offering("")) == wanted);
  CHECK(check(route, offering("V2.CHAT")) == wanted);
  CHECK(check(route, offering("mqtt, v1.chat")) == "");
}

// -- the subprotocol ----------------------------------------------------------

TEST_CASE("without a choice of the handler the route's first one counts") {
  CHECK(usual().outcome() == "c until 0");
  auto one = usual();
  one.headers = offering("a, b");
  CHECK(one.outcome() == "b until 0");
}

TEST_CASE("without a common one there is none") {
  auto one = usual();
  one.headers = offering("a");
  CHECK(one.outcome() == " until 0");
  one.headers = {};
  CHECK(one.outcome() == " until 0");
  one.headers = offering("b");
  one.route = {};
  CHECK(one.outcome() == " until 0");
}

TEST_CASE("the command's choice comes before the route's") {
  auto one = usual();
  one.command.subprotocol = "b";
  CHECK(one.outcome() == "b until 0");
  one.command.subprotocol = "a"; // which the route does not speak
  CHECK(one.outcome() == "a until 0");
}

TEST_CASE("the handler's header comes before the route's") {
  auto one = usual();
  one.answered = "a";
  CHECK(one.outcome() == "a until 0");
}

TEST_CASE("command and header may say the same, and nothing else") {
  auto one = usual();
  one.command.subprotocol = one.answered = "b";
  CHECK(one.outcome() == "b until 0");
  one.answered = "a";
  CHECK(one.outcome() == "502 subprotocol: the handler chose two subprotocols");
}

TEST_CASE("RFC 6455 4.2.2: what was not offered cannot be chosen") {
  for (std::string name : {"d", "A", "a, b", " a", "ab"}) {
    CAPTURE(name);
    auto one = usual();
    one.answered = name;
    CHECK(one.outcome() == not_offered);
  }
  auto one = usual();
  one.command.subprotocol = "d";
  CHECK(one.outcome() == not_offered);
  one.headers = {};
  CHECK(one.outcome() == not_offered);
}

TEST_CASE("who is to blame is told by the status") {
  auto one = usual();
  one.command.subprotocol = "d";
  one.to_blame = 400;
  CHECK(one.outcome().starts_with("400 subprotocol: "));
  one.to_blame = 500;
  one.answered = "a";
  CHECK(one.outcome().starts_with("500 subprotocol: "));
}

// -- the time -----------------------------------------------------------------

TEST_CASE("a command without a time lasts forever") {
  CHECK(meeting{}.outcome() == " until 0");
}

TEST_CASE("a time that is over is refused with 403") {
  auto at = [](milliseconds time) {
    meeting one;
    one.command.expires_at = time;
    return one.outcome();
  };
  auto over = "403 expiry: the session's time is over";
  CHECK(at(milliseconds{1}) == over);
  CHECK(at(now - milliseconds{1}) == over);
  CHECK(at(now) == over);
  CHECK(at(now + milliseconds{1}) == " until 1700000000001");
  CHECK(at(max_expires_at) == " until 253402300799999");
}

TEST_CASE("a router may require a time") {
  meeting one;
  one.expiry.required = true;
  CHECK(one.outcome() == "502 command: the relay command lacks expires_at");
  one.to_blame = 400;
  CHECK(one.outcome() == "400 command: the relay command lacks expires_at");
  one.command.expires_at = now + milliseconds{1};
  CHECK(one.outcome() == " until 1700000000001");
  one.command.expires_at = now;
  CHECK(one.outcome() == "403 expiry: the session's time is over");
}

TEST_CASE("the jitter of a route does not change what is agreed on") {
  meeting one;
  one.expiry.jitter = std::chrono::hours{1};
  one.command.expires_at = now + milliseconds{1};
  CHECK(one.outcome() == " until 1700000000001");
}

TEST_CASE("a subprotocol and a time are agreed on together") {
  auto one = usual();
  one.command.expires_at = now + milliseconds{5};
  CHECK(one.outcome() == "c until 1700000000005");
}

// -- refusals -----------------------------------------------------------------

TEST_CASE("who is refused gets the route's choice, or the first of its own") {
  auto answer = [](const strings& spoken, http_fields headers) {
    return subprotocol_of_refusal(speaking(spoken), headers);
  };
  CHECK(answer({"c", "b"}, offering("a, b, c")) == "c");
  CHECK(answer({"d"}, offering("b, a")) == "b");
  CHECK(answer({}, offering("a")) == "a");
  CHECK(answer({"a"}, {}) == "");
  CHECK(answer({"a"}, offering("")) == "");
}

TEST_CASE("who is refused for what it offers gets no subprotocol") {
  CHECK(subprotocol_of_refusal(speaking({"a"}), offering("a, b c")) == "");
  CHECK(subprotocol_of_refusal({}, offering("a, a")) == "");
}

} // namespace wsrelay::session_terms_test
