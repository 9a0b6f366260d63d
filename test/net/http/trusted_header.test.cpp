// The relay command in a request's own header.
#include "net/http/trusted_header.hpp"

#include "protocol/relay_command.hpp"
#include "protocol/signature.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace wsrelay::trusted_header_test {

namespace {

constexpr std::int64_t now = 1'800'000'000;
const std::string command = R"({"target_pid":"echo"})";

endpoint_config signed_by(std::string secret) {
  endpoint_config out;
  out.handler = trusted_header_handler{std::move(secret), ""};
  return out;
}

struct fixture {
  fixture() { start(service_config{}.max_connections); }

  void start(std::size_t max_connections) {
    auto config = std::make_shared<relay_config>();
    config->services.push_back({.name = "gateway",
                                .max_connections = max_connections,
                                .trusted_proxies = {"10.0.0.0/8"}});
    for (auto secret : {"secret", "secret", "other", ""})
      config->endpoints.push_back(signed_by(secret));
    owner.emplace(config, config->services.front(), caf::actor{});
    request = {};
    request.method = "GET";
    request.target = "/ws?a=b";
    request.host = "relay.example";
    request.headers = {{"X-WS-Relay", command}};
  }

  void sign(std::int64_t expires, std::string nonce = "0123456789abcdef",
            std::string key = "secret") {
    relay_signature signature{expires, nonce, {}};
    auto text = signed_text(
        signature, {request.method, request.host, request.target, command});
    erase_field(request.headers, signature_header);
    request.headers.emplace_back(
        signature_header, fmt::format("v1;expires={};nonce={};hmac={}", expires,
                                      nonce, hmac_sha256(key, text)));
  }

  // Leaves room for `places` more signatures of `secret`.
  void fill(const std::string& secret, std::size_t places) {
    auto& cache = *owner->nonces.at(secret);
    for (auto i = cache.capacity(); i-- > places;)
      REQUIRE(cache.add(std::to_string(i), now + 60, now)
              == nonce_cache::verdict::fresh);
  }

  // 0 when the command was let through.
  unsigned status() {
    auto read = read_trusted_header(*owner, handler, request, peer, now);
    if (auto* bad = std::get_if<problem>(&read)) {
      CHECK(bad->check == "trusted_header");
      detail = bad->detail;
      return bad->status;
    }
    CHECK(std::get<std::string>(read) == command);
    return 0;
  }

  std::string peer = "10.1.2.3";
  std::optional<service> owner;
  trusted_header_handler handler{"secret", ""};
  http_request request;
  std::string detail;
};

} // namespace

TEST_CASE("the HMAC is that of RFC 4231") {
  CHECK(hmac_sha256(std::string(20, '\x0b'), "Hi There")
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac_sha256("Jefe", "what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))
        == "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(hmac_sha256(std::string(131, '\xaa'),
                    "Test Using Larger Than Block-Size Key - Hash Key First")
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE_FIXTURE(fixture, "a trusted proxy's command passes when its "
                           "signature holds") {
  sign(now + 60);
  CHECK(status() == 0);
}

TEST_CASE_FIXTURE(fixture, "a signature is for one host, written in any case") {
  sign(now + 60);
  request.host = "other.example";
  CHECK(status() == 403);
  request.host = "relay.example:80";
  CHECK(status() == 403);
  request.host = "Relay.Example";
  CHECK(status() == 0);
}

TEST_CASE_FIXTURE(fixture, "without a secret no signature is looked at") {
  handler.secret.clear();
  CHECK(status() == 0);
  request.headers.emplace_back("X-WS-Relay-Signature", "nonsense");
  CHECK(status() == 0);
}

TEST_CASE_FIXTURE(fixture, "anyone but a trusted proxy is refused") {
  sign(now + 60);
  for (auto address : {"11.0.0.1", "127.0.0.1", "::1", "", "no address"}) {
    peer = address;
    CHECK(status() == 403);
  }
}

TEST_CASE_FIXTURE(fixture, "a request without the relay header is refused") {
  request.headers.clear();
  CHECK(status() == 400);
}

TEST_CASE_FIXTURE(fixture, "a missing signature is refused") {
  CHECK(status() == 403);
  CHECK(detail == "the relay header is not signed");
}

TEST_CASE_FIXTURE(fixture, "a malformed signature is refused") {
  request.headers.emplace_back("X-WS-Relay-Signature", "v1;nonsense");
  CHECK(status() == 403);
}

TEST_CASE_FIXTURE(fixture, "a signature with another key is refused") {
  sign(now + 60, "0123456789abcdef", "guess");
  CHECK(status() == 403);
  CHECK(detail == "the signature is wrong");
}

TEST_CASE_FIXTURE(fixture, "a signature of another request is refused") {
  SUBCASE("method") {
    sign(now + 60);
    request.method = "POST";
  }
  SUBCASE("target") {
    sign(now + 60);
    request.target = "/ws?a=c";
  }
  SUBCASE("command") {
    sign(now + 60);
    request.headers.front().second = R"({"target_pid":"other"})";
  }
  CHECK(status() == 403);
  CHECK(detail == "the signature is wrong");
}

TEST_CASE_FIXTURE(fixture, "a signature is valid up to its second of expiry") {
  sign(now - 1, "nonce-nonce-nonce-1");
  CHECK(status() == 403);
  CHECK(detail == "the signature has expired");
  sign(now, "nonce-nonce-nonce-2");
  CHECK(status() == 0);
}

TEST_CASE_FIXTURE(fixture, "an expiry too far ahead is refused") {
  sign(now + max_signature_life + 1, "nonce-nonce-nonce-1");
  CHECK(status() == 403);
  CHECK(detail == "the signature expires too far ahead");
  sign(now + max_signature_life, "nonce-nonce-nonce-2");
  CHECK(status() == 0);
}

TEST_CASE_FIXTURE(fixture, "a signature opens one connection") {
  sign(now + 60);
  CHECK(status() == 0);
  CHECK(status() == 403);
  CHECK(detail == "the signature was used before");
}

TEST_CASE_FIXTURE(fixture, "a signature that was refused uses up no nonce") {
  sign(now + 60, "0123456789abcdef", "guess");
  CHECK(status() == 403);
  sign(now + 60);
  CHECK(status() == 0);
}

TEST_CASE_FIXTURE(fixture, "signatures of one secret are no burden to another "
                           "one's") {
  sign(now + 60);
  CHECK(status() == 0);
  handler.secret = "other";
  sign(now + 60, "0123456789abcdef", "other");
  CHECK(status() == 0);
  CHECK(status() == 403);
  CHECK(detail == "the signature was used before");
  fill("secret", 1); // it has one already
  sign(now + 60, "nonce-nonce-nonce-1", "other");
  CHECK(status() == 0);
}

TEST_CASE_FIXTURE(fixture, "when all places are taken a signature is 503, and "
                           "only valid ones take a place") {
  std::size_t connections = 100;
  SUBCASE("small service") {}
  SUBCASE("large service") {
    connections = 25'001;
  }
  start(connections);
  fill("secret", 2);
  sign(now + 60, "nonce-nonce-nonce-1", "guess");
  CHECK(status() == 403);
  sign(now - 1, "nonce-nonce-nonce-2");
  CHECK(status() == 403);
  sign(now + max_signature_life + 1, "nonce-nonce-nonce-3");
  CHECK(status() == 403);
  sign(now + 60, "nonce-nonce-nonce-4");
  CHECK(status() == 0);
  CHECK(status() == 403);
  sign(now + 60, "nonce-nonce-nonce-5");
  CHECK(status() == 0);
  sign(now + 60, "nonce-nonce-nonce-6");
  CHECK(status() == 503);
  CHECK(detail == "too many signatures at once");
}

} // namespace wsrelay::trusted_header_test
