// What an upstream is told of the client.
#include "config/client_view.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace wsrelay::forwarded_fields_test {

namespace {

bool trusts(std::string_view address) {
  return address.starts_with("10.");
}

/// The fields, one per line.
std::string lines(const http_fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    out.append(name).append(": ").append(value).append("\n");
  return out;
}

std::string told(const http_fields& headers, std::string_view peer,
                 std::string_view host = "own") {
  return lines(forwarded_fields(headers, peer, "http", host, trusts));
}

} // namespace

TEST_CASE("an upstream is told the peer, the scheme and the host") {
  CHECK(told({}, "192.0.2.7")
        == "X-Forwarded-For: 192.0.2.7\n"
           "X-Forwarded-Proto: http\n"
           "X-Forwarded-Host: own\n");
  CHECK(told({}, "::ffff:192.0.2.7", "")
        == "X-Forwarded-For: 192.0.2.7\n"
           "X-Forwarded-Proto: http\n");
}

TEST_CASE("what a stranger says of itself is not passed on") {
  CHECK(told({{"X-Forwarded-For", "1.2.3.4"},
              {"X-Forwarded-Proto", "https"},
              {"X-Forwarded-Host", "evil"},
              {"Forwarded", "for=1.2.3.4"}},
             "192.0.2.7")
        == "X-Forwarded-For: 192.0.2.7\n"
           "X-Forwarded-Proto: http\n"
           "X-Forwarded-Host: own\n");
}

TEST_CASE("the list of a trusted proxy is extended by the proxy") {
  CHECK(told({{"X-Forwarded-For", " 6.6.6.6, 1.2.3.4"},
              {"X-Forwarded-For", ""},
              {"X-Forwarded-For", "10.0.0.2"},
              {"X-Forwarded-Proto", "https"},
              {"X-Forwarded-Host", "app"}},
             "10.0.0.1")
        == "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.2, 10.0.0.1\n"
           "X-Forwarded-Proto: https\n"
           "X-Forwarded-Host: app\n");
}

TEST_CASE("Forwarded of a trusted proxy is extended and never made up") {
  CHECK(told({{"Forwarded", "for=1.2.3.4;proto=https;host=app"},
              {"Forwarded", "for=10.0.0.2;host=\"a,b\""}},
             "10.0.0.1", "own:8080")
        == "X-Forwarded-For: 10.0.0.1\n"
           "X-Forwarded-Proto: https\n"
           "X-Forwarded-Host: app\n"
           "Forwarded: for=1.2.3.4;proto=https;host=app, "
           "for=10.0.0.2;host=\"a,b\", "
           "for=10.0.0.1;proto=http;host=\"own:8080\"\n");
}

TEST_CASE("a malformed line of Forwarded is not passed on") {
  CHECK(told({{"Forwarded", "for=\"1.2.3.4"}, {"Forwarded", "for=1.2.3.4"}},
             "10.0.0.1", "")
        == "X-Forwarded-For: 10.0.0.1\n"
           "X-Forwarded-Proto: http\n"
           "Forwarded: for=1.2.3.4, for=10.0.0.1;proto=http\n");
  CHECK(told({{"Forwarded", "for=\"1.2.3.4"}}, "10.0.0.1", "")
        == "X-Forwarded-For: 10.0.0.1\n"
           "X-Forwarded-Proto: http\n");
}

TEST_CASE("lines of Forwarded beyond the limit are not passed on") {
  std::string near = "for=1.2.3.4";
  auto count = [&](std::size_t size) {
    auto fields = forwarded_fields(
        {{"Forwarded", "x=" + std::string(size, 'x')}, {"Forwarded", near}},
        "10.0.0.1", "http", "own", [](auto) { return true; });
    REQUIRE(fields.back().first == "Forwarded");
    auto& value = fields.back().second;
    CHECK(value.find(near + ", for=10.0.0.1;") != value.npos);
    return std::count(value.begin(), value.end(), ',');
  };
  auto most = max_forwarded_size - near.size() - 2;
  CHECK(count(most - 1) == 2);
  CHECK(count(most) == 2);
  CHECK(count(most + 1) == 1);
}

TEST_CASE("an IPv6 address is in brackets where RFC 7239 wants them") {
  auto fields = forwarded_fields({{"Forwarded", "for=1.2.3.4"}}, "2001:DB8::1",
                                 "https", "own", [](auto) { return true; });
  CHECK(lines(fields)
        == "X-Forwarded-For: 2001:db8::1\n"
           "X-Forwarded-Proto: https\n"
           "X-Forwarded-Host: own\n"
           "Forwarded: for=1.2.3.4, "
           "for=\"[2001:db8::1]\";proto=https;host=own\n");
}

TEST_CASE("a list that would split the message is not passed on") {
  CHECK(told({{"X-Forwarded-For", "1.2.3.4\r\nX: y"}}, "10.0.0.1")
        == "X-Forwarded-For: 10.0.0.1\n"
           "X-Forwarded-Proto: http\n"
           "X-Forwarded-Host: own\n");
}

TEST_CASE("X-Real-IP of a trusted proxy is the client that was found") {
  CHECK(told({{"X-Forwarded-For", "1.2.3.4"}, {"X-Real-IP", "6.6.6.6"}},
             "10.0.0.1")
        == "X-Forwarded-For: 1.2.3.4, 10.0.0.1\n"
           "X-Forwarded-Proto: http\n"
           "X-Forwarded-Host: own\n"
           "X-Real-IP: 1.2.3.4\n");
  CHECK(told({{"X-Real-IP", "6.6.6.6"}}, "192.0.2.7").find("X-Real-IP")
        == std::string::npos);
}

TEST_CASE("a host that is none is not passed on") {
  CHECK(told({}, "192.0.2.7", "<script>")
        == "X-Forwarded-For: 192.0.2.7\n"
           "X-Forwarded-Proto: http\n");
}

TEST_CASE("fields that are told anew are erased") {
  http_fields all{{"x-forwarded-for", "a"},  {"X-Forwarded-Proto", "a"},
                  {"X-Forwarded-Host", "a"}, {"FORWARDED", "a"},
                  {"X_Forwarded_For", "a"},  {"X-Forwarded-Port", "80"},
                  {"X-Forwarded_Ssl", "on"}, {"X-Real-IP", "a"},
                  {"X.Forwarded.For", "a"},  {"X_Real_IP", "a"},
                  {"X-Forward", "x"},        {"Accept", "y"}};
  erase_forwarded_fields(all);
  CHECK(lines(all) == "X-Forward: x\nAccept: y\n");
}

} // namespace wsrelay::forwarded_fields_test
