// Queries and bodies of the API: what is not known is refused.
#include "net/admin/api_request.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace wsrelay::api_request_test {

namespace {

// The detail of the problem that `what` throws, "" without one.
template <class Function>
std::string refused(Function what) {
  try {
    what();
  } catch (const problem& why) {
    CHECK(why.status == 400);
    CHECK(why.check == "request");
    return why.detail;
  }
  return "";
}

std::string query_refused(std::string_view query) {
  return refused([&] { query_params{query}; });
}

std::string body_refused(std::string_view body) {
  return refused([&] { body_members{body}; });
}

constexpr std::uint64_t largest = 18446744073709551615u;

} // namespace

// -- queries ------------------------------------------------------------------

TEST_CASE("parameters of a query are taken by their names") {
  query_params all{"a=1&b=&c"};
  CHECK(all.take("a") == "1");
  CHECK(all.take("a") == std::nullopt);
  CHECK(all.take("b") == "");
  CHECK(all.take("c") == "");
  CHECK(all.take("d") == std::nullopt);
  CHECK(refused([&] { all.refuse_rest(); }) == "");
}

TEST_CASE("a query of nothing has no parameters") {
  query_params none{""};
  CHECK(none.take("a") == std::nullopt);
  CHECK(refused([&] { none.refuse_rest(); }) == "");
}

TEST_CASE("parameters are percent-encoded UTF-8, and a plus is a blank") {
  query_params all{"a=x%20y+z%2B&%62=gr%C3%BCn&c=1=2"};
  CHECK(all.take("a") == "x y z+");
  CHECK(all.take("b") == "grün");
  CHECK(all.take("c") == "1=2");
  for (std::string bad :
       {"a=%", "a=%2", "a=%zz", "%=1", "a=%ff", "a=%c3", "a=\xff"}) {
    CAPTURE(bad);
    CHECK(query_refused(bad) == "the query is no percent-encoded UTF-8");
  }
}

TEST_CASE("a parameter stands once") {
  CHECK(query_refused("a=1&a=1") == "the parameter \"a\" stands twice");
  CHECK(query_refused("a=1&%61=2") == "the parameter \"a\" stands twice");
}

TEST_CASE("a parameter that nobody takes is unknown") {
  query_params all{"limit=1&ofset=2"};
  CHECK(all.take("limit") == "1");
  CHECK(refused([&] { all.refuse_rest(); })
        == "there is no parameter \"ofset\" here");
  CHECK(refused([] { query_params{"="}.refuse_rest(); }) != "");
  CHECK(refused([] { query_params{"&"}.refuse_rest(); }) == "");
  auto name = std::string(1000, 'x');
  auto told = refused([&] { query_params{name}.refuse_rest(); });
  CHECK(told.size() < 200); // a name of any length is not told
  CHECK(told.find("xxx") != told.npos);
}

TEST_CASE("a number of a query is decimal, and not over its limit") {
  auto number = [](std::string text, std::uint64_t most) {
    return query_params{"n=" + text}.take_number("n", 7, most);
  };
  CHECK(query_params{""}.take_number("n", 7, 10) == 7);
  CHECK(number("0", 10) == 0);
  CHECK(number("9", 10) == 9);
  CHECK(number("10", 10) == 10);
  CHECK(number("18446744073709551615", largest) == largest);
  for (std::string bad : {"11", "", "-1", "%2B1", "1.0", "0x1", "1e1", "%201",
                          "1%20", "ten", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK(refused([&] { number(bad, 10); }) == "n must be a number up to 10");
  }
  CHECK(refused([&] { number("18446744073709551616", largest); }) != "");
}

TEST_CASE("a flag of a query is true or false") {
  CHECK(query_params{""}.take_flag("f", true));
  CHECK_FALSE(query_params{""}.take_flag("f", false));
  CHECK(query_params{"f=true"}.take_flag("f", false));
  CHECK_FALSE(query_params{"f=false"}.take_flag("f", true));
  for (std::string bad : {"", "1", "yes", "TRUE", "truee"})
    CHECK(refused([&] { query_params{"f=" + bad}.take_flag("f", true); })
          == "f must be true or false");
}

// -- bodies -------------------------------------------------------------------

TEST_CASE("members of a body are taken by their names and types") {
  body_members all{R"({"a":"x\u0000y","n":18446744073709551615,"z":0})"};
  CHECK(all.take_text("a") == std::string("x\0y", 3));
  CHECK(all.take_number("n", largest) == largest);
  CHECK(all.take_number("z", 0) == 0);
  CHECK(all.take_text("none") == std::nullopt);
  CHECK(all.take_number("none", 9) == std::nullopt);
  CHECK(refused([&] { all.refuse_rest(); }) == "");
}

TEST_CASE("a body is one JSON object") {
  CHECK(body_refused("{}") == "");
  CHECK(body_refused(" {} \n") == "");
  for (std::string bad : {"", "[]", "null", "1", "\"x\"", "{", "{}x",
                          "{\"a\":}", "{'a':1}", "a=1", "{\"a\":\"\xff\"}"}) {
    CAPTURE(bad);
    CHECK(body_refused(bad).starts_with("the body must be a JSON object"));
  }
}

TEST_CASE("a body that nests too deeply ends no program") {
  for (std::size_t depth : {1'000u, 200'000u}) {
    auto nested =
        "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    CHECK(body_refused(nested).starts_with("the body must be a JSON object"));
  }
}

TEST_CASE("a member of another type is refused") {
  body_members all{
      R"({"s":"x","n":1,"minus":-1,"half":0.5,"none":null,"flag":true})"};
  for (auto name : {"n", "minus", "half", "none", "flag"})
    CHECK(refused([&] { all.take_text(name); })
          == std::string{name} + " must be a string");
  for (auto name : {"s", "minus", "half", "none", "flag"})
    CHECK(refused([&] { all.take_number(name, 10); })
          == std::string{name} + " must be a number up to 10");
}

TEST_CASE("a number of a body is not over its limit") {
  auto number = [](const std::string& text) {
    return body_members{"{\"n\":" + text + "}"}.take_number("n", 4999);
  };
  CHECK(number("4998") == 4998);
  CHECK(number("4999") == 4999);
  CHECK(refused([&] { number("5000"); }) == "n must be a number up to 4999");
}

TEST_CASE("a member that nobody takes is unknown") {
  body_members all{R"({"code":1,"reson":"x"})"};
  all.take_number("code", 1);
  CHECK(refused([&] { all.refuse_rest(); })
        == "there is no member \"reson\" here");
  CHECK(refused([] { body_members{"{}"}.refuse_rest(); }) == "");
}

TEST_CASE("a member stands once") {
  CHECK(refused([] {
          body_members all{R"({"code":1,"code":2})"};
          all.take_number("code", 9);
          all.refuse_rest();
        })
        != "");
}

// -- base64 (RFC 4648 section 4) ----------------------------------------------

TEST_CASE("base64 stands for bytes") {
  CHECK(from_base64("") == "");
  CHECK(from_base64("Zg==") == "f");
  CHECK(from_base64("Zm8=") == "fo");
  CHECK(from_base64("Zm9v") == "foo");
  CHECK(from_base64("Zm9vYg==") == "foob");
  CHECK(from_base64("Zm9vYmE=") == "fooba");
  CHECK(from_base64("Zm9vYmFy") == "foobar");
  CHECK(from_base64("AAAA") == std::string(3, '\0'));
  CHECK(from_base64("/+8=") == "\xff\xef");
}

TEST_CASE("what has another length or another alphabet is no base64") {
  for (std::string bad :
       {"Z", "Zg", "Zg=", "Zm9vY", "Zg===", "Zm-_", "Zm9*", "Zm9\xff"}) {
    CAPTURE(bad);
    CHECK(from_base64(bad) == std::nullopt);
  }
}

TEST_CASE("padding stands at the end and is two at most") {
  for (std::string bad : {"====", "A===", "Z===", "=Zg=", "Z=g=", "Zg=A",
                          "Zg==Zg==", "Zm8=Zm9v", "AA==AAAA"}) {
    CAPTURE(bad);
    CHECK(from_base64(bad) == std::nullopt);
  }
}

TEST_CASE("blanks and line breaks are no base64") {
  for (std::string bad : {"    ", "Zg==\n\n\n\n", "    Zg==", "Zm9v    ",
                          "\r\n\r\n", "Zm 9", "Zm9vZm9v\n   "}) {
    CAPTURE(bad);
    CHECK(from_base64(bad) == std::nullopt);
  }
}

} // namespace wsrelay::api_request_test
