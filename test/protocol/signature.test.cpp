// The text form of the signature of a trusted relay header.
#include "protocol/signature.hpp"

#include <doctest/doctest.h>

namespace wsrelay::signature_test {

namespace {

const std::string nonce = "0123456789abcdef";
const std::string hmac(64, 'a');

std::string make_text(const std::string& expires, const std::string& nonce,
                      const std::string& hmac) {
  return "v1;expires=" + expires + ";nonce=" + nonce + ";hmac=" + hmac;
}

} // namespace

TEST_CASE("a signature has its three fields in any order") {
  for (auto text :
       {"v1;expires=1767225600;nonce=" + nonce + ";hmac=" + hmac,
        "v1;hmac=" + hmac + ";nonce=" + nonce + ";expires=1767225600"}) {
    auto parsed = parse_signature(text);
    REQUIRE(parsed);
    CHECK(parsed->expires == 1767225600);
    CHECK(parsed->nonce == nonce);
    CHECK(parsed->hmac == hmac);
  }
}

TEST_CASE("a signature with a missing, double or unknown field is a failure") {
  auto good = make_text("1", nonce, hmac);
  REQUIRE(parse_signature(good));
  for (auto text :
       {std::string{}, std::string{"v1"}, std::string{"v1;;;"},
        std::string{"v1;expires;nonce;hmac"}, "v1;expires=1;nonce=" + nonce,
        "v2" + good.substr(2), "V1" + good.substr(2), good.substr(3),
        good + ";", good + ";x=1", good + ";expires=1", " " + good, good + " ",
        "v1;expires=1;expires=1;nonce=" + nonce,
        "v1;expires=1;expires=2;hmac=" + hmac,
        "v1;Expires=1;nonce=" + nonce + ";hmac=" + hmac,
        "v1; expires=1;nonce=" + nonce + ";hmac=" + hmac}) {
    CAPTURE(text);
    CHECK_FALSE(parse_signature(text));
  }
}

TEST_CASE("expires is a number of 63 bits") {
  CHECK(parse_signature(make_text("0", nonce, hmac)));
  CHECK(parse_signature(make_text("9223372036854775807", nonce, hmac)));
  for (auto text : {"", "-1", "+1", "1.0", "1e3", " 1", "0x1",
                    "9223372036854775808", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_signature(make_text(text, nonce, hmac)));
  }
}

TEST_CASE("a nonce has 16 to 64 characters") {
  CHECK_FALSE(parse_signature(make_text("1", std::string(15, 'n'), hmac)));
  CHECK(parse_signature(make_text("1", std::string(16, 'n'), hmac)));
  CHECK(parse_signature(make_text("1", std::string(64, 'n'), hmac)));
  CHECK_FALSE(parse_signature(make_text("1", std::string(65, 'n'), hmac)));
  CHECK(parse_signature(make_text("1", "AZaz09_-AZaz09_-", hmac)));
  for (char c : {'=', '+', '/', '.', ' ', '\n', '\0', '\xC3'})
    CHECK_FALSE(parse_signature(make_text("1", nonce + c, hmac)));
}

TEST_CASE("an hmac has 64 lower-case hexadecimal digits") {
  CHECK_FALSE(parse_signature(make_text("1", nonce, std::string(63, 'a'))));
  CHECK_FALSE(parse_signature(make_text("1", nonce, std::string(65, 'a'))));
  CHECK_FALSE(parse_signature(make_text("1", nonce, std::string(64, 'A'))));
  CHECK_FALSE(parse_signature(make_text("1", nonce, std::string(64, 'g'))));
  CHECK(parse_signature(make_text("1", nonce, std::string(64, '9'))));
}

TEST_CASE("what is signed holds every part on its own line") {
  relay_signature signature{7, nonce, ""};
  CHECK(signed_text(signature, {"GET", "App.Example:81", "/ws?a=b", "{}"})
        == "v1\n7\n0123456789abcdef\nGET\napp.example:81\n/ws?a=b\n{}");
}

TEST_CASE("digests are equal when every byte is") {
  CHECK(equal_digests("", ""));
  CHECK(equal_digests(hmac, std::string(64, 'a')));
  CHECK_FALSE(equal_digests(hmac, hmac.substr(1)));
  for (std::size_t i : {0u, 31u, 63u}) {
    auto other = hmac;
    other[i] = static_cast<char>(other[i] ^ 0x80);
    CHECK_FALSE(equal_digests(hmac, other));
  }
}

} // namespace wsrelay::signature_test
