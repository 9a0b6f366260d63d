// Queries as pages write them, and as attackers do.
#include "protocol/query.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wsrelay::query_test {

namespace {

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("a query has values by name, a plus is a blank") {
  auto query = read_query("name=gr%C3%BCn+%2B&%62=1=2&empty=&bare");
  CHECK(query.value("name") == "grün +");
  CHECK(query.value("b") == "1=2");
  CHECK(query.value("empty") == "");
  CHECK(query.value("bare") == "");
  CHECK(query.value("Name") == std::nullopt);
  CHECK(query.entries().size() == 4);
  CHECK(query.is_well_formed());
}

TEST_CASE("an encoded separator separates nothing") {
  auto query = read_query("a=1%262%3D3&b%3Dc=%23");
  CHECK(query.value("a") == "1&2=3");
  CHECK(query.value("b=c") == "#");
}

TEST_CASE("empty parts are no parameters") {
  for (auto text : {"", "&", "&&&"}) {
    CAPTURE(text);
    CHECK(read_query(text).entries().empty());
    CHECK(read_query(text).is_well_formed());
  }
  CHECK(read_query("&a=1&&b=2&").entries().size() == 2);
  CHECK(read_query("=1").value("") == "1");
}

TEST_CASE("of several values the first counts, and all can be had") {
  auto query = read_query("a=1&b=x&a=2&%61=3");
  CHECK(query.value("a") == "1");
  CHECK(query.values("a") == strings{"1", "2", "3"});
  CHECK(query.count("a") == 3);
  CHECK(query.values("c").empty());
  CHECK(query.count("c") == 0);
}

TEST_CASE("a malformed value is none, and no later one takes its place") {
  for (std::string bad :
       {"%", "%2", "%zz", "%ff", "%c3", "\xff", "%ed%a0%80"}) {
    CAPTURE(bad);
    auto query = read_query("a=" + bad + "&a=2&b=3");
    CHECK(query.value("a") == std::nullopt);
    CHECK(query.values("a") == strings{"2"});
    CHECK(query.count("a") == 2);
    CHECK(query.value("b") == "3");
    CHECK_FALSE(query.is_well_formed());
    CHECK(read_query(bad + "=1&b=3").entries().size() == 1);
    CHECK_FALSE(read_query(bad + "=1").is_well_formed());
  }
}

TEST_CASE("what is encoded may be a control character") {
  CHECK(read_query("a=x%00%0d%0a").value("a") == std::string("x\0\r\n", 4));
}

TEST_CASE("of a query a limited number of parameters is looked at") {
  std::string most;
  for (std::size_t i = 0; i + 1 < max_named_values; ++i)
    most += "a&";
  auto all = read_query(most + "&last=1");
  CHECK(all.entries().size() == max_named_values);
  CHECK(all.value("last") == "1");
  CHECK(all.is_well_formed());
  auto some = read_query(most + "%zz&last=1");
  CHECK(some.value("last") == std::nullopt);
  CHECK_FALSE(some.is_well_formed());
}

} // namespace wsrelay::query_test
