// What the Forwarded field says, element by element.
#include "protocol/forwarded.hpp"

#include <doctest/doctest.h>

namespace wsrelay::forwarded_test {

namespace {

/// The elements as they print, or "-".
std::string read(std::string_view value) {
  auto parsed = parse_forwarded(value);
  if (!parsed)
    return "-";
  std::string out;
  for (const auto& each : *parsed)
    out.append(out.empty() ? "" : " | ").append(to_text(each));
  return out;
}

} // namespace

TEST_CASE("an element tells the node, the scheme and the host") {
  auto parsed = parse_forwarded("for=192.0.2.60;proto=http;by=203.0.113.43;"
                                "host=example.com");
  REQUIRE(parsed);
  REQUIRE(parsed->size() == 1);
  CHECK(parsed->front()
        == forwarded_element{"192.0.2.60", "http", "example.com"});
}

TEST_CASE("the forms that RFC 7239 section 4 shows are read") {
  CHECK(read("for=\"_gazonk\"") == "for=_gazonk");
  CHECK(read("For=\"[2001:db8:cafe::17]:4711\"")
        == "for=\"[2001:db8:cafe::17]:4711\"");
  CHECK(read("for=192.0.2.43, for=198.51.100.17")
        == "for=192.0.2.43 | for=198.51.100.17");
  CHECK(read("for=unknown") == "for=unknown");
  CHECK(read("PROTO=https") == "proto=https");
}

TEST_CASE("empty elements and pairs are none") {
  CHECK(read("") == "");
  CHECK(read(" ,, \t,") == "");
  CHECK(read(";") == "");
  CHECK(read(",for=a,,;for=b;,") == "for=a | for=b");
  CHECK(read("by=x") == ""); // an element that says nothing of ours
  CHECK(parse_forwarded("by=x")->size() == 1);
}

TEST_CASE("values without quotes may hold what addresses and hosts do") {
  CHECK(read("for=1.2.3.4:80;host=a:8443")
        == "for=\"1.2.3.4:80\";host=\"a:8443\"");
  CHECK(read("for=[::1]:80") == "for=\"[::1]:80\"");
  CHECK(read(" for=a ; proto=b , for=c ") == "for=a;proto=b | for=c");
}

TEST_CASE("a quoted value may hold separators and escapes") {
  CHECK(read(R"(host="a,b;c=d")") == R"(host="a,b;c=d")");
  CHECK(read(R"(host="a\"b\\c")") == R"(host="a\"b\\c")");
  CHECK(read(R"(host="\a")") == "host=a");
  CHECK(read(R"(host="")") == R"(host="")");
}

TEST_CASE("what is no list of pairs is a failure") {
  using namespace std::string_view_literals;
  for (auto value : {"for"sv,
                     "=a"sv,
                     "for="sv,
                     "for=;proto=b"sv,
                     "for=\"a"sv,
                     "for=\"a\\"sv,
                     "for=\"a\\\""sv,
                     "for=\"a\"b"sv,
                     "for=a b"sv,
                     "for=a\"b\""sv,
                     "for=a proto=b"sv,
                     "f r=a"sv,
                     "for =a"sv,
                     "for= a"sv,
                     "\"for\"=a"sv,
                     "for=a;for=b"sv,
                     "proto=a;PROTO=a"sv,
                     "host=a;x=1;host=a"sv,
                     "1.2.3.4"sv,
                     "for=a, 1.2.3.4"sv,
                     "for=a\r\n"sv,
                     "for=\"a\nb\""sv,
                     "for=\"a\\\rb\""sv,
                     "for=a\0"sv,
                     "for=\x7F"sv}) {
    CAPTURE(std::string{value});
    CHECK(read(value) == "-");
  }
}

TEST_CASE("an open quote of a client swallows no proxy's element") {
  for (std::string client :
       {"for=\"x", "secret=\"", "for=a;secret=\"x", "for=a\\\""})
    for (std::string proxy :
         {"for=5.6.7.8", "for=\"[::1]:1\"", "for=5.6.7.8;host=\"h\"",
          "host=\"h\";for=5.6.7.8"}) {
      CAPTURE(client);
      CAPTURE(proxy);
      CHECK(read(client + ", " + proxy) == "-");
    }
}

TEST_CASE("very many elements are read in linear time") {
  std::string value;
  for (int i = 0; i < 200'000; ++i)
    value += "for=1.2.3.4,";
  auto parsed = parse_forwarded(value);
  REQUIRE(parsed);
  CHECK(parsed->size() == 200'000);
}

} // namespace wsrelay::forwarded_test
