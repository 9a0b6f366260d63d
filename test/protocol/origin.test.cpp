// Which pages may connect.
#include "protocol/origin.hpp"

#include <doctest/doctest.h>

namespace wsrelay::origin_test {

namespace {

origin_policy allow(std::initializer_list<std::string_view> patterns) {
  origin_policy policy;
  for (auto text : patterns) {
    auto parsed = parse_origin_pattern(text);
    REQUIRE_MESSAGE(parsed, std::string(text));
    policy.allowed.push_back(*parsed);
  }
  return policy;
}

bool allows(std::string_view pattern, std::string_view header) {
  return static_cast<bool>(
      check_origin(allow({pattern}), header, std::nullopt));
}

bool same_origin(std::string_view header, std::string_view scheme,
                 std::string_view host) {
  return static_cast<bool>(check_origin({}, header, self_origin(scheme, host)));
}

} // namespace

TEST_CASE("an origin has a scheme, a host and a port") {
  struct origin_case {
    std::string text;
    origin value;
  };
  for (const auto& each : {
           origin_case{"https://app.example.com",
                       {"https", "app.example.com", 443}},
           origin_case{"http://localhost", {"http", "localhost", 80}},
           origin_case{"https://a:8443", {"https", "a", 8443}},
           origin_case{"HTTPS://App.Example.COM:443",
                       {"https", "app.example.com", 443}},
           origin_case{"http://127.0.0.1:1", {"http", "127.0.0.1", 1}},
           origin_case{"http://a:65535", {"http", "a", 65535}},
           origin_case{"http://[::1]", {"http", "[::1]", 80}},
           origin_case{"http://[2001:DB8::1]:81",
                       {"http", "[2001:db8::1]", 81}},
           origin_case{"http://[::ffff:1.2.3.4]:81",
                       {"http", "[::ffff:1.2.3.4]", 81}},
           origin_case{"https://xn--bcher-kva.example",
                       {"https", "xn--bcher-kva.example", 443}},
           origin_case{"https://a_b-c.d", {"https", "a_b-c.d", 443}},
       }) {
    CAPTURE(each.text);
    auto parsed = parse_origin(each.text);
    REQUIRE(parsed);
    CHECK(*parsed == each.value);
  }
}

TEST_CASE("what is no serialised origin is a failure") {
  for (std::string text : {"",
                           "null",
                           "https",
                           "https:",
                           "https://",
                           "://a",
                           "//a",
                           "a",
                           "a:80",
                           "ws://a",
                           "wss://a",
                           "ftp://a",
                           "file://",
                           "chrome-extension://abc",
                           "https://a/",
                           "https://a/b",
                           "https://a?b",
                           "https://a#b",
                           "https://u@a",
                           "https://u:p@a",
                           "https://a:0",
                           "https://a:65536",
                           "https://a:",
                           "https://a:x",
                           "https://a:-1",
                           "https://a:+1",
                           "https://a:80:80",
                           "https://a: 80",
                           "https://a:99999999999999999999",
                           " https://a",
                           "https://a ",
                           "https://a b",
                           "https://a https://b",
                           "https://a,https://b",
                           "https://.",
                           "https://a..",
                           "https://[::1].",
                           "https://.a",
                           "https://a..b",
                           "https://*",
                           "https://*.a",
                           "https://a\n",
                           "https://b\xC3\xBC"
                           "cher.example",
                           "https://a%2e",
                           "https://[",
                           "https://[]",
                           "https://[:]x",
                           "https://[::1",
                           "https://::1",
                           "https://[::g]",
                           "https://[1234]",
                           "https://[::1]x",
                           "https://[::1]x:80",
                           "https://[::1]]",
                           "https://a[::1]",
                           "https:/a",
                           "https:///a",
                           "https:\\\\a"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_origin(text));
  }
  CHECK_FALSE(parse_origin(std::string_view("https://a\0", 10)));
}

TEST_CASE("a host has at most 253 bytes") {
  auto host = [](std::size_t size) { return std::string(size, 'a'); };
  CHECK(parse_origin("http://" + host(252)));
  CHECK(parse_origin("http://" + host(253)));
  CHECK_FALSE(parse_origin("http://" + host(254)));
  CHECK_FALSE(parse_origin_pattern("http://*." + host(252)));
}

TEST_CASE("a pattern allows its own origin in any spelling") {
  CHECK(allows("https://app.example.com", "https://app.example.com"));
  CHECK(allows("HTTPS://APP.example.com:443", "https://app.example.com"));
  CHECK(allows("https://app.example.com", "https://APP.example.com:443"));
  CHECK(allows("http://a:80", "http://a"));
  CHECK(allows("http://[::1]:8080", "http://[::1]:8080"));
}

TEST_CASE("a pattern refuses another scheme, host or port") {
  for (auto header :
       {"http://app.example.com", "https://app.example.com:8443",
        "https://example.com", "https://x.app.example.com",
        "https://app.example.com.evil.org", "https://app-example.com",
        "https://app.example.co", "http://app.example.com:443", "null", "",
        "https://app.example.com/", "https://app.example.com.."}) {
    CAPTURE(header);
    CHECK_FALSE(allows("https://app.example.com", header));
  }
  CHECK_FALSE(allows("https://a:80", "http://a"));
}

TEST_CASE("a name with the root's dot is the name without it") {
  CHECK(parse_origin("https://a.example.")->host == "a.example");
  CHECK(parse_origin("https://a.example.:8443")->host == "a.example");
  CHECK(same_origin("http://a.example", "http", "a.example."));
  CHECK(same_origin("http://a.example.", "http", "a.example."));
  CHECK(same_origin("http://a.example.", "http", "a.example"));
  CHECK(same_origin("http://a.example.:81", "http", "A.EXAMPLE:81"));
  CHECK(allows("https://app.example.com", "https://app.example.com."));
  CHECK(allows("https://app.example.com.", "https://app.example.com"));
  CHECK(allows("https://*.example.com", "https://a.example.com."));
  CHECK_FALSE(same_origin("http://a.example", "http", "a.example.."));
  CHECK_FALSE(same_origin("http://a.example", "http", "b.example."));
  auto host = std::string(253, 'a') + ".";
  CHECK(parse_origin("http://" + host));
  CHECK_FALSE(parse_origin("http://a" + host));
}

TEST_CASE("a pattern with a path is told to leave it out") {
  for (auto text : {"https://app.example.test/", "https://app.example.test/a/b",
                    "https://app.example.test//"}) {
    auto refused = parse_origin_pattern(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what
          == "an origin has no path: write https://app.example.test");
  }
  CHECK(parse_origin_pattern("https://*.a.test:81/").error().what
        == "an origin has no path: write https://*.a.test:81");
  CHECK(parse_origin_pattern("https://*/")
            .error()
            .what.starts_with("not a host"));
}

TEST_CASE("a star stands for exactly one label") {
  CHECK(allows("https://*.example.com", "https://a.example.com"));
  CHECK(allows("https://*.example.com:8443", "https://a.example.com:8443"));
  CHECK(allows("https://*.*.example.com", "https://a.b.example.com"));
  CHECK(allows("https://app.*.com", "https://app.example.com"));
  for (auto header :
       {"https://example.com", "https://.example.com",
        "https://a.b.example.com", "https://*.example.com",
        "https://aexample.com", "http://a.example.com",
        "https://a.example.com:8443", "https://a.example.com.evil.org"}) {
    CAPTURE(header);
    CHECK_FALSE(allows("https://*.example.com", header));
  }
}

TEST_CASE("a star that is not one whole label of several is a failure") {
  for (auto text :
       {"https://*", "https://*.*", "https://a*.example.com",
        "https://*a.example.com", "https://**.example.com", "*://a.com",
        "https://a.com:*", "**", "*.example.com", "https://*.example.com/",
        "https://[*::1]", "", "null", "https://*.b\xC3\xBC.de", " *"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_origin_pattern(text));
  }
}

TEST_CASE("a lone star allows any page, also one without an origin") {
  for (auto header : {"https://a", "http://[::1]:1", "null", "file://", ""})
    CHECK(allows("*", header));
}

TEST_CASE("one of several patterns is enough") {
  auto policy = allow({"https://a.com", "https://*.b.com", "http://c.com:81"});
  CHECK(check_origin(policy, "https://x.b.com", std::nullopt));
  CHECK(check_origin(policy, "http://c.com:81", std::nullopt));
  CHECK_FALSE(check_origin(policy, "http://c.com", std::nullopt));
}

TEST_CASE("without patterns only the same origin is allowed") {
  CHECK(same_origin("http://app.com", "http", "app.com"));
  CHECK(same_origin("http://app.com", "http", "App.com:80"));
  CHECK(same_origin("https://app.com", "https", "app.com:443"));
  CHECK(same_origin("https://app.com:8443", "https", "app.com:8443"));
  CHECK(same_origin("http://[::1]:8080", "http", "[::1]:8080"));
  CHECK_FALSE(same_origin("http://app.com", "https", "app.com"));
  CHECK_FALSE(same_origin("https://app.com", "http", "app.com"));
  CHECK_FALSE(same_origin("http://app.com", "http", "app.com:8080"));
  CHECK_FALSE(same_origin("http://app.com:8080", "http", "app.com"));
  CHECK_FALSE(same_origin("http://x.app.com", "http", "app.com"));
  CHECK_FALSE(same_origin("null", "http", "app.com"));
  CHECK_FALSE(same_origin("null", "http", "null"));
}

TEST_CASE("without a usable Host header no origin is the same") {
  CHECK_FALSE(check_origin({}, "http://app.com", std::nullopt));
  for (auto host : {"", "a b", "a/b", "u@a", "a:", "a:0", "a:65536", "a:b", "*",
                    "*.com", "a\r\n", "::1", "a,b", "\xFF"}) {
    CAPTURE(host);
    CHECK_FALSE(self_origin("http", host));
  }
  CHECK_FALSE(self_origin("ftp", "a"));
}

TEST_CASE("with patterns the own origin is not allowed by itself") {
  CHECK_FALSE(check_origin(allow({"https://a.com"}), "http://app.com",
                           self_origin("http", "app.com")));
}

TEST_CASE("a request without an Origin header is refused on demand only") {
  for (auto policy :
       {origin_policy{}, allow({"https://a.com"}), allow({"*"})}) {
    CHECK(check_origin(policy, std::nullopt, std::nullopt));
    policy.require_origin = true;
    CHECK_FALSE(check_origin(policy, std::nullopt, std::nullopt));
  }
}

TEST_CASE("a printed pattern reads as the same pattern") {
  for (auto text : {"*", "https://a.com", "http://a.com:443",
                    "https://*.a.com:8443", "http://[::1]"}) {
    auto parsed = parse_origin_pattern(text);
    REQUIRE(parsed);
    CHECK(to_text(*parsed) == text);
  }
  CHECK(to_text(*parse_origin_pattern("HTTPS://A.com:443")) == "https://a.com");
}

} // namespace wsrelay::origin_test
