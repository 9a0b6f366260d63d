// Cookies as browsers send them, and as attackers do.
#include "protocol/cookies.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wsrelay::cookies_test {

namespace {

using strings = std::vector<std::string>;

named_values cookies(const std::string& field) {
  return read_cookies({{"Host", "a=1"}, {"cookie", field}});
}

} // namespace

TEST_CASE("a request has cookies by name") {
  auto all = cookies("session=abc.123==; theme=dark;lang=\"en\" ; empty=");
  CHECK(all.value("session") == "abc.123==");
  CHECK(all.value("theme") == "dark");
  CHECK(all.value("lang") == "en");
  CHECK(all.value("empty") == "");
  CHECK(all.value("Session") == std::nullopt);
  CHECK(all.value("a") == std::nullopt);
  CHECK(all.is_well_formed());
}

TEST_CASE("a request may have no cookies, and several fields of them") {
  CHECK(read_cookies({}).entries().empty());
  CHECK(cookies("").entries().empty());
  CHECK(cookies("; ;;").is_well_formed());
  auto all = read_cookies({{"Cookie", "a=1"}, {"COOKIE", "b=2; a=3"}});
  CHECK(all.value("a") == "1");
  CHECK(all.values("a") == strings{"1", "3"});
  CHECK(all.value("b") == "2");
}

TEST_CASE("a cookie's value is not decoded") {
  CHECK(cookies("a=x%20y+z").value("a") == "x%20y+z");
  CHECK(cookies("a=gr\xC3\xBCn").value("a") == "gr\xC3\xBCn");
  CHECK(cookies("a=b c, d").value("a") == "b c, d");
}

TEST_CASE("only quotes around the whole value go") {
  CHECK(cookies("a=\"\"").value("a") == "");
  CHECK(cookies("a=\"").value("a") == "\"");
  CHECK(cookies("a=\"b").value("a") == "\"b");
  CHECK(cookies("a=b\"c\"").value("a") == "b\"c\"");
  CHECK(cookies("a=\"b;c\"").value("a") == "\"b");
}

TEST_CASE("what is no cookie is left out") {
  for (std::string bad : {"bare", "=nameless", " = ", "\xff=1"}) {
    CAPTURE(bad);
    auto all = cookies("a=1; " + bad + "; b=2");
    CHECK(all.entries().size() == 2);
    CHECK(all.value("b") == "2");
    CHECK_FALSE(all.is_well_formed());
  }
  auto all = cookies("a=\xff; a=2");
  CHECK(all.value("a") == std::nullopt);
  CHECK(all.count("a") == 2);
  CHECK_FALSE(all.is_well_formed());
}

TEST_CASE("a limited number of cookies is looked at") {
  std::string most;
  for (std::size_t i = 0; i < max_named_values; ++i)
    most += "a=1;";
  CHECK(cookies(most).is_well_formed());
  CHECK(cookies(most).count("a") == max_named_values);
  auto all = read_cookies({{"Cookie", most + "b=2"}, {"Cookie", "c=3"}});
  CHECK(all.entries().size() == max_named_values);
  CHECK(all.value("b") == std::nullopt);
  CHECK(all.value("c") == std::nullopt);
  CHECK_FALSE(all.is_well_formed());
}

} // namespace wsrelay::cookies_test
