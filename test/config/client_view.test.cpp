// Who the client is when proxies stand in front.
#include "config/client_view.hpp"

#include "config/address_set.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace wsrelay::client_view_test {

namespace {

constexpr auto proxy = "10.0.0.1"; // where requests come from

bool trusts(std::string_view address) {
  address_set proxies;
  static_cast<void>(proxies.add("10.0.0.0/8"));
  static_cast<void>(proxies.add("2001:db8::/32"));
  return proxies.contains(address);
}

/// The client's address, scheme and host as one text.
std::string see(const http_fields& headers, std::string_view peer = proxy) {
  auto client = see_client(headers, peer, "http", "own", trusts);
  return client.address + " " + client.scheme + " " + client.host;
}

std::string x_for(std::string value) {
  return see({{"X-Forwarded-For", std::move(value)}});
}

std::string forwarded(std::string value) {
  return see({{"Forwarded", std::move(value)}});
}

} // namespace

TEST_CASE("without a word of a proxy the peer is the client") {
  CHECK(see({}) == "10.0.0.1 http own");
  CHECK(see({}, "192.0.2.7") == "192.0.2.7 http own");
  CHECK(see({}, "::ffff:192.0.2.7") == "192.0.2.7 http own");
}

TEST_CASE("a peer that is not trusted is not believed") {
  http_fields headers{{"X-Forwarded-For", "1.2.3.4"},
                      {"X-Forwarded-Proto", "https"},
                      {"X-Forwarded-Host", "evil"},
                      {"Forwarded", "for=1.2.3.4;proto=https;host=evil"}};
  CHECK(see(headers, "192.0.2.7") == "192.0.2.7 http own");
  CHECK(see(headers, "::ffff:192.0.2.7") == "192.0.2.7 http own");
  CHECK(see(headers, "not an address") == "not an address http own");
}

TEST_CASE("a trusted proxy tells client, scheme and host") {
  CHECK(see({{"x-forwarded-for", "1.2.3.4"},
             {"X-FORWARDED-PROTO", "HTTPS"},
             {"X-Forwarded-Host", "app.example.com:8443"}})
        == "1.2.3.4 https app.example.com:8443");
  CHECK(forwarded("for=1.2.3.4;proto=https;host=app.example.com")
        == "1.2.3.4 https app.example.com");
  CHECK(see({{"X-Forwarded-For", "1.2.3.4"}}, "::ffff:10.0.0.1")
        == "1.2.3.4 http own");
}

TEST_CASE("the rightmost address that is not trusted is the client") {
  CHECK(x_for("6.6.6.6, 1.2.3.4") == "1.2.3.4 http own");
  CHECK(x_for("6.6.6.6, 1.2.3.4, 10.0.0.2") == "1.2.3.4 http own");
  CHECK(x_for("6.6.6.6,1.2.3.4,10.0.0.3 ,\t10.0.0.2") == "1.2.3.4 http own");
  CHECK(x_for("10.9.9.9, 1.2.3.4") == "1.2.3.4 http own");
  CHECK(forwarded("for=6.6.6.6, for=1.2.3.4, for=10.0.0.2")
        == "1.2.3.4 http own");
}

TEST_CASE("when all are trusted the leftmost is the client") {
  CHECK(x_for("10.0.0.4, 10.0.0.3, 10.0.0.2") == "10.0.0.4 http own");
  CHECK(forwarded("for=10.0.0.4, for=10.0.0.2") == "10.0.0.4 http own");
}

TEST_CASE("fields on several lines are one list") {
  CHECK(see({{"X-Forwarded-For", "6.6.6.6"},
             {"Other", "x"},
             {"X-Forwarded-For", "1.2.3.4"},
             {"X-Forwarded-For", "10.0.0.2"}})
        == "1.2.3.4 http own");
  CHECK(see({{"Forwarded", "for=6.6.6.6"},
             {"Forwarded", "for=1.2.3.4, for=10.0.0.2"}})
        == "1.2.3.4 http own");
}

TEST_CASE("addresses come with ports, brackets and in any spelling") {
  CHECK(x_for("1.2.3.4:5678") == "1.2.3.4 http own");
  CHECK(x_for("[2001:DB9::1]:5678") == "2001:db9::1 http own");
  CHECK(x_for("[2001:db9::1]") == "2001:db9::1 http own");
  CHECK(x_for("2001:db9:0::1") == "2001:db9::1 http own");
  CHECK(x_for("::ffff:1.2.3.4") == "1.2.3.4 http own");
  CHECK(x_for("6.6.6.6, 1.2.3.4, ::ffff:10.0.0.2") == "1.2.3.4 http own");
  CHECK(x_for("6.6.6.6, 1.2.3.4, [2001:db8::9]:1") == "1.2.3.4 http own");
  CHECK(forwarded("for=\"[2001:db9::1]:47\"") == "2001:db9::1 http own");
  CHECK(forwarded("for=\"1.2.3.4:_port\"") == "1.2.3.4 http own");
  CHECK(forwarded("for=1.2.3.4:65535") == "1.2.3.4 http own");
}

TEST_CASE("where a proxy does not know its client it stands for it") {
  for (std::string node :
       {"unknown", "_hidden", "localhost", "1.2.3", "1.2.3.4:x", "1.2.3.4:",
        "1.2.3.4:65536", "[1.2.3.4]", "[::1", "::1]", "[::1]x", "1.2.3.4/8",
        "<script>", "1.2.3.4 5", "\"1.2.3.4\"", "-", "1.2.3.4:_", "fe80::1%"}) {
    CAPTURE(node);
    CHECK(x_for(node) == "10.0.0.1 http own");
    CHECK(x_for("6.6.6.6, " + node) == "10.0.0.1 http own");
    CHECK(x_for("6.6.6.6, " + node + ", 10.0.0.2") == "10.0.0.2 http own");
    CHECK(x_for(node + ", 1.2.3.4") == "1.2.3.4 http own");
  }
  CHECK(forwarded("for=6.6.6.6, for=_hidden;proto=https")
        == "10.0.0.1 https own");
  CHECK(forwarded("for=6.6.6.6, proto=https") == "10.0.0.1 https own");
  CHECK(forwarded("for=6.6.6.6, for=unknown, for=10.0.0.2")
        == "10.0.0.2 http own");
}

TEST_CASE("empty members of a list do not count") {
  CHECK(x_for("") == "10.0.0.1 http own");
  CHECK(x_for(" , ,") == "10.0.0.1 http own");
  CHECK(x_for("6.6.6.6, ,1.2.3.4, , 10.0.0.2,") == "1.2.3.4 http own");
}

TEST_CASE("scheme and host are those of the client's own hop") {
  auto at = [](std::string protos, std::string hosts) {
    return see({{"X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.0.0.2"},
                {"X-Forwarded-Proto", std::move(protos)},
                {"X-Forwarded-Host", std::move(hosts)}});
  };
  CHECK(at("http, https, http", "evil, app, inner") == "1.2.3.4 https app");
  CHECK(at("https, http", "app, inner") == "1.2.3.4 https app");
  CHECK(at("https", "app") == "1.2.3.4 https app");
  CHECK(at("", "") == "1.2.3.4 http own");
  CHECK(forwarded("for=6.6.6.6;proto=http;host=evil,"
                  "for=1.2.3.4;proto=https;host=app,"
                  "for=10.0.0.2;proto=http;host=inner")
        == "1.2.3.4 https app");
}

TEST_CASE("a proxy may tell the scheme alone") {
  CHECK(see({{"X-Forwarded-Proto", "https"}}) == "10.0.0.1 https own");
  CHECK(see({{"X-Forwarded-Proto", "http, https"}}) == "10.0.0.1 https own");
}

TEST_CASE("a scheme is one of four") {
  auto scheme = [](std::string value) {
    return see({{"X-Forwarded-Proto", std::move(value)}});
  };
  CHECK(scheme("wss") == "10.0.0.1 https own");
  CHECK(scheme("WS") == "10.0.0.1 http own");
  for (auto value : {"ftp", "https:", "http s", "null", "on", "\"https\""})
    CHECK(scheme(value) == "10.0.0.1 http own");
  auto over_tls = see_client({{"X-Forwarded-Proto", "javascript"}}, proxy,
                             "https", "own", trusts);
  CHECK(over_tls.scheme == "https");
}

TEST_CASE("a host that is none is not told") {
  for (auto value : {"a b", "http://a", "u@a", "a:80:80", "<script>", "[::1",
                     "a:99999", "a/b", "\xFF"}) {
    CAPTURE(value);
    CHECK(see({{"X-Forwarded-Host", value}}) == "10.0.0.1 http own");
    CHECK(see({{"Forwarded", "host=\"" + std::string{value} + "\""}})
          == "10.0.0.1 http own");
  }
}

TEST_CASE("a malformed Forwarded line says nothing and ends the walk") {
  CHECK(forwarded("for=\"1.2.3.4") == "10.0.0.1 http own");
  CHECK(forwarded("for=1.2.3.4;for=5.6.7.8") == "10.0.0.1 http own");
  CHECK(see({{"Forwarded", "for=6.6.6.6"},
             {"Forwarded", "for=\"open"},
             {"Forwarded", "for=10.0.0.2;proto=https"}})
        == "10.0.0.2 http own");
  CHECK(see({{"Forwarded", "for=\"open"}, {"Forwarded", "for=1.2.3.4"}})
        == "1.2.3.4 http own");
}

TEST_CASE("two kinds of fields add up, and where they differ none counts") {
  auto both = [](std::string x, std::string value) {
    return see({{"X-Forwarded-For", std::move(x)},
                {"X-Forwarded-Proto", "https"},
                {"Forwarded", std::move(value)}});
  };
  CHECK(both("1.2.3.4", "for=1.2.3.4;proto=https;host=app")
        == "1.2.3.4 https app");
  CHECK(both("1.2.3.4", "for=\"[::ffff:1.2.3.4]:5\"") == "1.2.3.4 https own");
  CHECK(both("1.2.3.4", "for=6.6.6.6;proto=https") == "10.0.0.1 https own");
  CHECK(both("1.2.3.4", "for=1.2.3.4;proto=http") == "1.2.3.4 http own");
  CHECK(both("1.2.3.4", "for=_hidden") == "1.2.3.4 https own");
}

namespace {

struct seen {
  std::string address;
  std::size_t looks = 0; // at addresses, to see whether they are trusted
};

seen count_looks(const http_fields& headers) {
  seen out;
  auto client = see_client(headers, proxy, "http", "own",
                           [&out](std::string_view address) {
                             ++out.looks;
                             return address.starts_with("10.");
                           });
  out.address = client.address;
  return out;
}

/// `count` proxies from 10.0.0.1 on, the nearest last, behind `client`.
std::string hops(std::string client, std::size_t count,
                 const std::string& prefix = "") {
  std::string out = prefix + client;
  for (auto i = count; i > 0; --i)
    out += "," + prefix + "10.0." + std::to_string(i / 250) + "."
           + std::to_string(i % 250);
  return out;
}

constexpr auto last_hop = "10.0.0.100";

} // namespace

TEST_CASE("a list costs one look for each hop, and no more than a hundred") {
  for (std::size_t count : {98, 99}) {
    auto found = count_looks({{"X-Forwarded-For", hops("1.2.3.4", count)}});
    CHECK(found.address == "1.2.3.4");
    CHECK(found.looks == count + 2); // the peer and the client too
  }
  for (std::size_t count : {100, 101, 1000, 50'000}) {
    auto found = count_looks({{"X-Forwarded-For", hops("1.2.3.4", count)}});
    CHECK(found.address == last_hop);
    CHECK(found.looks == max_hops + 1);
  }
}

TEST_CASE("the hundred hops are counted over all lines of a list") {
  auto see_behind = [](std::size_t count) {
    return count_looks({{"X-Forwarded-For", "1.2.3.4"},
                        {"X-Forwarded-For", hops("10.0.0.99", count - 51)},
                        {"X-Forwarded-For", hops("10.0.0.50", 49)}})
        .address;
  };
  CHECK(see_behind(99) == "1.2.3.4");
  CHECK(see_behind(100) == "10.0.0.99");
  CHECK(see_behind(101) == "10.0.0.50");
}

TEST_CASE("empty members are no hops") {
  auto list = hops("1.2.3.4", 99) + std::string(1000, ',');
  CHECK(x_for(list) == "1.2.3.4 http own");
}

TEST_CASE("a hundred elements of Forwarded are looked at") {
  for (std::size_t count : {98, 99, 100, 101, 1000}) {
    CAPTURE(count);
    auto found = count_looks({{"Forwarded", hops("1.2.3.4", count, "for=")}});
    CHECK(found.address == (count < 100 ? "1.2.3.4" : last_hop));
    CHECK(found.looks == std::min(count + 2, max_hops + 1));
  }
  // Over all lines, of which a malformed one is one element.
  auto near = hops("10.0.0.99", 98, "for=");
  CHECK(see({{"Forwarded", "for=1.2.3.4"}, {"Forwarded", near}})
        == "1.2.3.4 http own");
  CHECK(see({{"Forwarded", "for=1.2.3.4"},
             {"Forwarded", "for=10.0.0.100"},
             {"Forwarded", near}})
        == "10.0.0.100 http own");
  CHECK(see({{"Forwarded", "for=1.2.3.4"},
             {"Forwarded", "for=\"open"},
             {"Forwarded", near}})
        == "10.0.0.99 http own");
}

TEST_CASE("a line of Forwarded that goes beyond the limit says nothing") {
  auto line = [](std::size_t size) {
    std::string out = "for=1.2.3.4;proto=https;x=";
    return out + std::string(size - out.size(), 'x');
  };
  CHECK(forwarded(line(max_forwarded_size - 1)) == "1.2.3.4 https own");
  CHECK(forwarded(line(max_forwarded_size)) == "1.2.3.4 https own");
  CHECK(forwarded(line(max_forwarded_size + 1)) == "10.0.0.1 http own");
  // Over all lines, the last first.
  std::string near = "for=10.0.0.2";
  auto behind = [&](std::size_t size) {
    return see({{"Forwarded", "for=6.6.6.6"},
                {"Forwarded", line(size)},
                {"Forwarded", near}});
  };
  CHECK(behind(max_forwarded_size - near.size()) == "1.2.3.4 https own");
  CHECK(behind(max_forwarded_size - near.size() + 1) == "10.0.0.2 http own");
}

TEST_CASE("scheme and host are those of the last hop that is looked at") {
  for (std::size_t count : {98, 99, 100, 101}) {
    CAPTURE(count);
    std::string protos = "http,https";
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 99); ++i)
      protos += ",http";
    auto client = see({{"X-Forwarded-For", hops("1.2.3.4", count)},
                       {"X-Forwarded-Proto", protos}});
    CHECK(client
          == std::string{count < 100 ? "1.2.3.4" : last_hop} + " https own");
  }
}

} // namespace wsrelay::client_view_test
