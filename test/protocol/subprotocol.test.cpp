// What a client offers as subprotocols, and the choice among it.
#include "protocol/subprotocol.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::subprotocol_test {

namespace {

/// The offers of fields with these values, "a b", or the failure.
std::string offers(const std::vector<std::string>& values) {
  http_fields headers;
  for (auto& value : values)
    headers.emplace_back("Sec-WebSocket-Protocol", value);
  auto found = offered_subprotocols(headers);
  if (!found)
    return "! " + found.error().what;
  std::string out;
  for (auto name : *found)
    out.append(out.empty() ? "" : " ").append(name);
  return out;
}

std::string choose(const std::vector<std::string>& spoken,
                   const std::vector<std::string_view>& offered) {
  return std::string{choose_subprotocol(spoken, offered)};
}

constexpr std::string_view no_token =
    "! Sec-WebSocket-Protocol holds what is no token";
constexpr std::string_view twice = "! Sec-WebSocket-Protocol offers one twice";

} // namespace

TEST_CASE("a request without the field offers nothing") {
  CHECK(offers({}) == "");
  http_fields others{{"Host", "a"}, {"Sec-WebSocket-Protocols", "mqtt"}};
  auto found = offered_subprotocols(others);
  REQUIRE(found);
  CHECK(found->empty());
}

TEST_CASE("RFC 6455 4.1: offers are a list, the favourite first") {
  CHECK(offers({"mqtt"}) == "mqtt");
  CHECK(offers({"v2.chat, v1.chat"}) == "v2.chat v1.chat");
  CHECK(offers({"b,a"}) == "b a");
  CHECK(offers({" \tb \t,\ta "}) == "b a");
}

TEST_CASE("RFC 6455 11.3.4: several fields are one list") {
  CHECK(offers({"c", "b, a"}) == "c b a");
  CHECK(offers({"c", "", "a"}) == "c a");
  CHECK(offers({"a", "b, a"}) == twice);
}

TEST_CASE("the name of the field is in any case") {
  http_fields headers{{"sec-websocket-protocol", "a"},
                      {"Host", "x"},
                      {"SEC-WEBSOCKET-PROTOCOL", "b"}};
  auto found = offered_subprotocols(headers);
  REQUIRE(found);
  CHECK(*found == std::vector<std::string_view>{"a", "b"});
  CHECK(found->front().data() == headers[0].second.data());
}

TEST_CASE("RFC 9110 5.6.1.2: an empty element counts for nothing") {
  CHECK(offers({""}) == "");
  CHECK(offers({" , ,\t"}) == "");
  CHECK(offers({",a,,b,"}) == "a b");
}

TEST_CASE("RFC 6455 4.1: an offer is a token") {
  for (std::string value :
       {"a b", "\"a\"", "a;q=1", "a/1", "a, b c", "caf\xC3\xA9", "a\x01",
        "a\x7f", "a=b", "{a}", "a:b", "a@b", "a\vb"}) {
    CAPTURE(value);
    CHECK(offers({value}) == no_token);
  }
  CHECK(offers({std::string(1, '\0')}) == no_token);
  CHECK(offers({"good", "b d"}) == no_token);
  auto odd = std::string{"!#$%&'*+-.^_`|~09azAZ"};
  CHECK(offers({odd}) == odd);
}

TEST_CASE("RFC 6455 4.1: an offer is unique, its case counts") {
  CHECK(offers({"a, a"}) == twice);
  CHECK(offers({"a, b, a"}) == twice);
  CHECK(offers({"a, A"}) == "a A");
}

TEST_CASE("many offers are a list like any other") {
  std::string value;
  for (int i = 0; i < 10'000; ++i)
    value += "p" + std::to_string(i) + ",";
  http_fields headers{{"Sec-WebSocket-Protocol", value}};
  auto found = offered_subprotocols(headers);
  REQUIRE(found);
  CHECK(found->size() == 10'000);
  CHECK(offers({value + "p9999"}) == twice);
}

TEST_CASE("the first spoken one that was offered is chosen") {
  CHECK(choose({"a", "b"}, {"a", "b"}) == "a");
  CHECK(choose({"a", "b"}, {"b", "a"}) == "a");
  CHECK(choose({"a", "b"}, {"c", "b"}) == "b");
}

TEST_CASE("without a common one none is chosen") {
  CHECK(choose({}, {}) == "");
  CHECK(choose({"a"}, {}) == "");
  CHECK(choose({}, {"a"}) == "");
  CHECK(choose({"a"}, {"b", "A", "aa"}) == "");
}

TEST_CASE("the choice outlives the offers") {
  const std::vector<std::string> spoken{"chat"};
  std::string_view chosen;
  {
    std::string text{"chat"};
    std::vector<std::string_view> offered{text};
    chosen = choose_subprotocol(spoken, offered);
  }
  CHECK(chosen.data() == spoken.front().data());
}

} // namespace wsrelay::subprotocol_test
