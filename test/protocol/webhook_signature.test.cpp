// Signatures of webhooks, against the published vector and Python's hmac.
#include "protocol/webhook_signature.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace wsrelay::webhook_signature_test {

namespace {

// What the specification's own libraries are tested with.
const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t timestamp = 1614265330;
const std::string body = R"({"test": 2432232314})";
const std::string signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

std::string key_of(std::string_view text) {
  auto key = webhook_key(text);
  return key ? *key : "-";
}

// base64 of `size` zeros.
std::string zeros(std::size_t size) {
  std::string out((size + 2) / 3 * 4, 'A');
  for (std::size_t i = 0; i < (3 - size % 3) % 3; ++i)
    out[out.size() - 1 - i] = '=';
  return out;
}

} // namespace

TEST_CASE("the published vector is signed as it says") {
  auto key = webhook_key(secret);
  REQUIRE(key);
  CHECK(key->size() == 24);
  CHECK(webhook_signature({*key}, id, timestamp, body) == signature);
}

TEST_CASE("each key has a signature, in the order of the keys") {
  auto key = key_of(secret);
  std::string other(64, '\xFF');
  // hmac.new(b"\xff" * 64, b"ID.TIMESTAMP.BODY", "sha256")
  std::string by_other = "v1,fZzVah3ZS2EUoPgmc3YYVtCEN0N+r1230ukKyDe3eWE=";
  CHECK(webhook_signature({other}, id, timestamp, body) == by_other);
  CHECK(webhook_signature({key, other}, id, timestamp, body)
        == signature + " " + by_other);
  CHECK(webhook_signature({other, key, other}, id, timestamp, body)
        == by_other + " " + signature + " " + by_other);
  CHECK(webhook_signature({}, id, timestamp, body).empty());
}

TEST_CASE("every part is signed, and may be empty") {
  auto key = key_of(secret);
  for (auto other : {webhook_signature({key}, id + "x", timestamp, body),
                     webhook_signature({key}, id, timestamp + 1, body),
                     webhook_signature({key}, id, timestamp, body + " "),
                     webhook_signature({key.substr(1)}, id, timestamp, body)}) {
    CHECK(other.size() == signature.size());
    CHECK(other != signature);
  }
  CHECK(webhook_signature({key}, "", 0, "")
        == "v1,VzQ28JIFJf+0udpQ8sGkwkIaWjCGsXxrtnallQa/U+k=");
  CHECK(webhook_signature({""}, "", 0, "")
        == "v1,A6f2nN49Jdcn19OedbQNRKGG/vX+magIZxOQBQRhZBM=");
}

TEST_CASE("a timestamp is written as a number") {
  auto key = key_of(secret);
  using limits = std::numeric_limits<std::int64_t>;
  CHECK(webhook_signature({key}, "a", limits::max(), "b")
        == "v1,BmWYwbx5FmDJAX403ND7At4Bd5DxSvQnBqZYbaBMPWg=");
  CHECK(webhook_signature({key}, "a", limits::min(), "b")
        == "v1,zJhxdD7pMiB+L6INrNR41G7HBed1VPZidYt7d7JOfco=");
}

TEST_CASE("a body of any bytes and any length is signed") {
  auto key = key_of(secret);
  std::string bytes(1 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(i * 7);
  CHECK(webhook_signature({key}, "a", 1, bytes)
        == "v1,TXK53os4zhUWrH91wfJys8q9d2c7ILbETiZPHB/owuw=");
}

TEST_CASE("a key has 24 to 64 bytes") {
  for (std::size_t size : {24u, 25u, 26u, 27u, 32u, 63u, 64u}) {
    CAPTURE(size);
    CHECK(key_of("whsec_" + zeros(size)) == std::string(size, '\0'));
  }
  for (std::size_t size : {0u, 1u, 2u, 3u, 22u, 23u, 65u, 66u, 67u, 1000u}) {
    CAPTURE(size);
    CHECK_FALSE(webhook_key("whsec_" + zeros(size)));
  }
}

TEST_CASE("every digit of base64 is read") {
  auto digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                "+/";
  auto key = webhook_key(std::string{"whsec_"} + digits);
  REQUIRE(key);
  CHECK(key->size() == 48);
  CHECK(key->substr(0, 3) == std::string("\x00\x10\x83", 3));
  CHECK(key->substr(45) == "\xF3\xDF\xBF");
}

TEST_CASE("a secret is whsec_ and base64 as an encoder writes it") {
  auto base64 = secret.substr(6); // 24 bytes
  auto padded = zeros(25);        // "...A=="
  REQUIRE(webhook_key("whsec_" + padded));
  auto replaced = [](std::string text, std::size_t at, char c) {
    text[at] = c;
    return text;
  };
  for (const auto& text :
       {std::string{}, std::string{"whsec_"}, std::string{"whsec"}, base64,
        "whsk_" + base64, "WHSEC_" + base64, "whsec-" + base64, " " + secret,
        secret + " ", secret + "\n", "whsec_ " + base64, "whsec_\n" + base64,
        "whsec_" + base64.substr(0, 31), "whsec_" + base64 + "A",
        "whsec_" + base64 + "=",
        "whsec_" + base64 + "====", "whsec_whsec_" + base64,
        // no padding, half of it, in the middle, too much
        "whsec_" + padded.substr(0, padded.size() - 2),
        "whsec_" + padded.substr(0, padded.size() - 1),
        "whsec_" + padded + padded, "whsec_" + replaced(padded, 10, '='),
        "whsec_" + replaced(padded, padded.size() - 3, '='),
        // bits that stand for nothing
        "whsec_" + replaced(padded, padded.size() - 3, 'B'),
        "whsec_" + replaced(zeros(26), 34, 'B'),
        // other alphabets and bytes
        "whsec_" + replaced(base64, 5, '-'),
        "whsec_" + replaced(base64, 5, '_'),
        "whsec_" + replaced(base64, 0, ' '),
        "whsec_" + replaced(base64, 31, '\n'),
        "whsec_" + replaced(base64, 31, '\0'),
        "whsec_" + replaced(base64, 5, '\xFF'), "whsec_" + std::string(32, ' '),
        "whsec_" + std::string(30, ' ') + "==", "whsec_" + std::string(32, '='),
        "whsec_" + std::string(32, '\0'),
        "whsec_" + std::string(1'000'000, 'A')}) {
    CAPTURE(text.substr(0, 100));
    CHECK_FALSE(webhook_key(text));
  }
}

TEST_CASE("the failure shows nothing of a secret") {
  for (const auto& text :
       {secret + "!", secret.substr(6), std::string{"whsec_c2VjcmV0"}}) {
    auto key = webhook_key(text);
    REQUIRE_FALSE(key);
    CHECK(key.error().what
          == "a webhook secret is whsec_ and 24 to 64 bytes in base64");
  }
}

} // namespace wsrelay::webhook_signature_test
