// Which requests may become a WebSocket.
#include "protocol/upgrade.hpp"

#include <doctest/doctest.h>

namespace wsrelay::upgrade_test {

namespace {

constexpr auto version_field = "Sec-WebSocket-Version";
constexpr auto key_field = "Sec-WebSocket-Key";

/// A request that is in order, with `field` replaced by `values`, one line
/// each.
http_fields request(std::string_view field = "",
                    std::vector<std::string> values = {}) {
  http_fields out{{"Upgrade", "websocket"},
                  {"Connection", "keep-alive, Upgrade"},
                  {version_field, "13"},
                  {key_field, "dGhlIHNhbXBsZSBub25jZQ=="}};
  erase_field(out, field);
  for (const auto& value : values)
    out.emplace_back(field, value);
  return out;
}

/// The status of the refusal, 101 when there is none.
unsigned status(const http_fields& headers, std::string_view method = "GET") {
  auto refused = check_upgrade(method, headers);
  return refused ? refused->status : 101;
}

} // namespace

TEST_CASE("a request that is in order becomes a WebSocket") {
  CHECK(status(request()) == 101);
  CHECK(status(request("Upgrade", {"h2c", "WebSocket"})) == 101);
  CHECK(status(request("Connection", {"close", "upgrade"})) == 101);
}

TEST_CASE("a request that asks for no WebSocket needs an upgrade") {
  CHECK(status(request(), "POST") == 426);
  CHECK(status(request("Upgrade", {})) == 426);
  CHECK(status(request("Upgrade", {"websockets"})) == 426);
  CHECK(status(request("Connection", {})) == 426);
  CHECK(status(request("Connection", {"keep-alive"})) == 426);
}

TEST_CASE("another version than 13 needs an upgrade") {
  for (std::string version : {"8", "0", "14", "013", "+13", "", "x"})
    CHECK(status(request(version_field, {version})) == 426);
  CHECK(status(request(version_field, {})) == 426);
}

TEST_CASE("several versions are no request") {
  CHECK(status(request(version_field, {"13", "8"})) == 400);
  CHECK(status(request(version_field, {"8", "13"})) == 400);
  CHECK(status(request(version_field, {"13", "13"})) == 400);
  CHECK(status(request(version_field, {"13", ""})) == 400);
  for (std::string list : {"13, 8", "8,13", "13,", ",13", "13,13"})
    CHECK(status(request(version_field, {list})) == 400);
}

TEST_CASE("a key is 16 bytes in base64, once") {
  CHECK(status(request(key_field, {})) == 400);
  CHECK(status(request(key_field, {"dGhlIHNhbXBsZSBub25jZQ=="})) == 101);
  CHECK(status(request(key_field, {"a", "a"})) == 400);
  for (std::string key :
       {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25j!Q=="})
    CHECK(status(request(key_field, {key})) == 400);
}

TEST_CASE("an upgrade is told from a plain request by its header") {
  CHECK(asks_upgrade("GET", request()));
  CHECK(asks_upgrade("GET", request(key_field, {})));
  CHECK(asks_upgrade("GET", request(version_field, {"8"})));
  CHECK_FALSE(asks_upgrade("HEAD", request()));
  CHECK_FALSE(asks_upgrade("GET", request("Upgrade", {"h2c"})));
  CHECK_FALSE(asks_upgrade("GET", request("Connection", {"close"})));
  CHECK(is_websocket(request()));
  CHECK_FALSE(is_websocket({}));
}

} // namespace wsrelay::upgrade_test
