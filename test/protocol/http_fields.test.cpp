// Header fields: lookup, what a proxy passes on, what is safe to write.
#include "protocol/http_fields.hpp"

#include <doctest/doctest.h>

namespace wsrelay::http_fields_test {

TEST_CASE("field names compare without the case of ASCII") {
  CHECK(same_field("X-WS-Relay", "x-ws-RELAY"));
  CHECK(same_field("", ""));
  CHECK_FALSE(same_field("a", "ab"));
  CHECK_FALSE(same_field("ab", "a"));
  // '[' and '{' differ by the bit that tells the case of letters apart.
  CHECK_FALSE(same_field("a[", "a{"));
  CHECK_FALSE(same_field("@", "`"));
  CHECK_FALSE(same_field("\xC3\x84", "\xC3\xA4"));
}

TEST_CASE("names of which servers make the same variable are found out") {
  for (auto name : {"X-WS-Relay", "x_ws_relay", "X_WS-RELAY", "x.ws~relay"}) {
    CAPTURE(name);
    CHECK(same_variable(name, "X-WS-Relay"));
    CHECK(same_variable("X-WS-Relay", name));
    CHECK(begins_variable(name, "x-ws"));
    CHECK(begins_variable(name, name));
    CHECK_FALSE(begins_variable(name, "X-WS-Relay-"));
  }
  CHECK(same_variable("", ""));
  CHECK(begins_variable("a", ""));
  CHECK_FALSE(begins_variable("", "a"));
  for (auto name : {"XWS-Relay", "X--WS-Relay", "X-WS-Relay-", "X-WS-Rela7"})
    CHECK_FALSE(same_variable(name, "X-WS-Relay"));
}

TEST_CASE("a lookup finds the first field of a name") {
  http_fields fields{{"A", "1"}, {"b", "2"}, {"B", "3"}};
  CHECK(find_field(fields, "B") == "2");
  CHECK(find_field(fields, "a") == "1");
  CHECK_FALSE(find_field(fields, "c"));
  CHECK_FALSE(find_field({}, "a"));
}

TEST_CASE("erasing removes every field of a name and keeps the order") {
  http_fields fields{{"A", "1"}, {"b", "2"}, {"B", "3"}, {"c", "4"}};
  erase_field(fields, "B");
  CHECK(fields == http_fields{{"A", "1"}, {"c", "4"}});
  erase_field(fields, "B");
  CHECK(fields.size() == 2);
}

TEST_CASE("a token is found in a list whole and without case") {
  CHECK(has_token("keep-alive, Upgrade", "upgrade"));
  CHECK(has_token("upgrade", "Upgrade"));
  CHECK(has_token(",, \tupgrade\t,", "upgrade"));
  CHECK_FALSE(has_token("", "upgrade"));
  CHECK_FALSE(has_token("upgrades", "upgrade"));
  CHECK_FALSE(has_token("up grade", "upgrade"));
  CHECK_FALSE(has_token("upgrade;q=1", "upgrade"));
}

TEST_CASE("RFC 9110 7.6.1: hop-by-hop fields are not passed on") {
  http_fields fields{
      {"Host", "a"},
      {"connection", "close"},
      {"Proxy-Connection", "x"},
      {"Keep-Alive", "timeout=5"},
      {"TE", "trailers"},
      {"Transfer-Encoding", "chunked"},
      {"Upgrade", "websocket"},
      {"Sec-WebSocket-Key", "x"},
      {"sec-websocket-version", "13"},
      {"Sec-WebSocket-Extensions", "permessage-deflate"},
      {"Sec-WebSocket", "stays"},
      {"Cookie", "b"},
  };
  erase_hop_by_hop(fields);
  CHECK(fields
        == http_fields{
            {"Host", "a"}, {"Sec-WebSocket", "stays"}, {"Cookie", "b"}});
}

TEST_CASE("RFC 9110 7.6.1: fields that Connection names are not passed on") {
  http_fields fields{
      {"X-Hop", "1"},    {"Connection", "x-HOP ,\tFoo"},
      {"foo", "2"},      {"CONNECTION", ",Bar,"},
      {"Bar", "3"},      {"bar", "4"},
      {"Barn", "stays"}, {"X-Hop-Too", "stays"},
  };
  erase_hop_by_hop(fields);
  CHECK(fields == http_fields{{"Barn", "stays"}, {"X-Hop-Too", "stays"}});
}

TEST_CASE("options of Connection may be empty, twice and very many") {
  std::string many(300'000, ',');
  for (int i = 0; i < 30'000; ++i)
    many += " X-Hop ,x-hop\t,";
  http_fields fields{{"Connection", many + "X-Last"},
                     {"Connection", ",,"},
                     {"Connection", ""},
                     {"X-Hop", "1"},
                     {"X-Last", "1"},
                     {"X-Stays", "1"}};
  erase_hop_by_hop(fields);
  REQUIRE(fields.size() == 1);
  CHECK(fields[0].first == "X-Stays");
}

TEST_CASE("hop-by-hop fields are not passed on in another spelling") {
  http_fields fields{
      {"Transfer_Encoding", "chunked"},
      {"keep_alive", "timeout=5"},
      {"Proxy.Connection", "x"},
      {"Sec_WebSocket_Key", "x"},
      {"Connection", "X-Hop, y_hop"},
      {"x_hop", "1"},
      {"Y-Hop", "2"},
      {"X_Other", "stays"},
  };
  erase_hop_by_hop(fields);
  CHECK(fields == http_fields{{"X_Other", "stays"}});
}

TEST_CASE("a field that would split a message is not safe") {
  CHECK(is_safe_field("X-Name", "a value\twith tab and \xC3\xA9"));
  CHECK(is_safe_field("a", ""));
  CHECK(is_safe_field("!#$%&'*+-.^_`|~09azAZ", "x"));
  for (std::string_view name : {"", "a b", "a:", "a\r\nb", "a\n", "\xC3\xA9",
                                "a(", "a/b", "a\"", "a\x7F"}) {
    CAPTURE(name);
    CHECK_FALSE(is_safe_field(name, "x"));
  }
  CHECK_FALSE(is_safe_field(std::string_view("a\0", 2), "x"));
  for (std::string_view value :
       {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "\x7F", "\x1B[0m", "\x01"}) {
    CAPTURE(value);
    CHECK_FALSE(is_safe_field("a", value));
  }
  CHECK_FALSE(is_safe_field("a", std::string_view("\0", 1)));
}

} // namespace wsrelay::http_fields_test
