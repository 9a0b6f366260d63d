// JSON checks on hostile text.
#include "protocol/json.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace wsrelay::json_test {

namespace {

std::string nested_arrays(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

std::string nested_objects(std::size_t levels) {
  std::string out;
  for (std::size_t i = 1; i < levels; ++i)
    out += "{\"a\":";
  return out + "{}" + std::string(levels - 1, '}');
}

} // namespace

TEST_CASE("every kind of JSON value is valid") {
  for (std::string text : {"null",
                           "true",
                           "false",
                           "0",
                           "-0",
                           "-1.5e+3",
                           "1E-400",
                           "\"\"",
                           "\"caf\xC3\xA9\"",
                           R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")",
                           "[]",
                           "{}",
                           "[1,[2],{\"a\":null}]",
                           " \t\r\n{ \"a\" : 1 } \n",
                           "{\"a\":1,\"a\":2}",
                           "\"\\u0000\"",
                           "\"\x7F\"",
                           "123456789012345678901234567890",
                           "\"\\uED00\\uEDAF\"",
                           "\"\xED\x9F\xBF\""}) {
    CAPTURE(text);
    CHECK(check_json(text));
  }
}

TEST_CASE("what RFC 8259 does not allow is a failure") {
  for (std::string text : {"",           " ",
                           "nul",        "nulll",
                           "True",       "NaN",
                           "Infinity",   "-",
                           "+1",         "01",
                           "1.",         ".5",
                           "1e",         "1e+",
                           "0x1",        "'a'",
                           "\"",         "\"a",
                           "\"\\\"",     "\"\\x\"",
                           "\"\\u12\"",  "\"\\u12G4\"",
                           "[",          "]",
                           "[1",         "[1,",
                           "[1,]",       "[,]",
                           "[1 2]",      "{",
                           "}",          "{\"a\"",
                           "{\"a\":",    "{\"a\":1",
                           "{\"a\":1,}", "{a:1}",
                           "{1:1}",      "{,}",
                           "[}",         "{]",
                           "1 2",        "{}x",
                           "[]]",        "// c\n1",
                           "/**/1",      "\xEF\xBB\xBF{}",
                           "\"\n\"",     "\"\t\"",
                           "\"\x1F\"",   "\v1"}) {
    CAPTURE(text);
    CHECK_FALSE(check_json(text));
  }
}

TEST_CASE("a NUL is no end of the text") {
  for (std::string_view text :
       {std::string_view("\0", 1), std::string_view("1\0", 2),
        std::string_view("{}\0{}", 5), std::string_view("\0{}", 3),
        std::string_view("\"a\0b\"", 5), std::string_view("[1\0]", 4)})
    CHECK_FALSE(check_json(text));
}

TEST_CASE("text that is cut at any byte is a failure") {
  std::string whole = R"({"a":[1.5e3,"\u00e9\uD83D\uDE00x",true,null,{}]})";
  REQUIRE(check_json(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(check_json(std::string_view(whole).substr(0, size)));
}

TEST_CASE("invalid UTF-8 is a failure anywhere in the text") {
  for (std::string bad : {"\xFF", "\x80", "\xC3", "\xC0\x80", "\xED\xA0\x80",
                          "\xED\xB0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    CAPTURE(bad);
    CHECK_FALSE(check_json("\"" + bad + "\""));
    CHECK_FALSE(check_json("{\"" + bad + "\":1}"));
    CHECK_FALSE(check_json("[" + bad + "]"));
  }
}

TEST_CASE("an escaped surrogate needs its other half") {
  for (std::string text : {R"("\uD800")", R"("\uDBFFx")", R"("\uD800\uD800")",
                           R"("\uDC00")", R"("\uDFFF")", R"("a\uDC00\uD800")",
                           R"({"\uDC00":1})", R"(["ok","\udead"])"}) {
    CAPTURE(text);
    CHECK_FALSE(check_json(text));
  }
  CHECK(check_json(R"("\uD800\uDC00\uDBFF\uDFFF")"));
}

TEST_CASE("JSON is nested at most 64 levels deep") {
  for (auto nested : {nested_arrays, nested_objects}) {
    CHECK(check_json(nested(63)));
    CHECK(check_json(nested(64)));
    CHECK_FALSE(check_json(nested(65)));
    CHECK_FALSE(check_json(nested(1'000'000)));
  }
  CHECK_FALSE(check_json(std::string(1'000'000, '[')));
  // Depth, not count.
  std::string flat = "[";
  for (int i = 0; i < 1'000; ++i)
    flat += "[{}],";
  CHECK(check_json(flat + "[]]"));
}

TEST_CASE("a failure of nesting says so") {
  CHECK(check_json(nested_arrays(65)).error().what
        == "nested more than 64 levels deep");
  CHECK(check_json("[1,x]").error().what == "not valid JSON at byte 3");
}

TEST_CASE("exponents that overflow an integer do no harm") {
  CHECK(check_json("1e-2147483648"));
  CHECK(check_json("0." + std::string(100, '0') + "1e-2147483647"));
  CHECK(check_json("1e-99999999999999999999"));
  CHECK_FALSE(check_json("1e99999999999999999999"));
}

TEST_CASE("only an object is an object") {
  CHECK(check_json_object("{}"));
  CHECK(check_json_object(" \r\n\t{\"a\":1} "));
  for (std::string text : {"[]", "1", "\"{}\"", "null", "", "{", "[{}]"}) {
    CAPTURE(text);
    CHECK_FALSE(check_json_object(text));
  }
}

TEST_CASE("compacting removes spaces and nothing else") {
  auto compacted = compact_json_object(
      " { \"a b\" : [ 1 , -0.10 , 1E5, 12345678901234567890123 ] ,\n"
      "\"a b\":{ } , \"c\" : [ ] , \"d\":null,\"e\" : true,\"f\":false } ");
  REQUIRE(compacted);
  CHECK(*compacted
        == R"({"a b":[1,-0.10,1E5,12345678901234567890123],)"
           R"("a b":{},"c":[],"d":null,"e":true,"f":false})");
}

TEST_CASE("compacting keeps the characters of strings") {
  auto compacted = compact_json_object(
      R"({"a":"\u0000\u0041\/\"\\\n\uD83D\uDE00","":" x "})");
  REQUIRE(compacted);
  CHECK(*compacted
        == "{\"a\":\"\\u0000A/\\\"\\\\\\n\xF0\x9F\x98\x80\",\"\":\" x \"}");
}

TEST_CASE("compacting refuses what is no object") {
  for (std::string text : {"", "[]", "{", "{} {}", R"({"a":"\uDC00"})"})
    CHECK_FALSE(compact_json_object(text));
  CHECK(compact_json_object(nested_objects(64)));
  CHECK_FALSE(compact_json_object(nested_objects(65)));
}

TEST_CASE("a JSON string escapes what JSON does not allow") {
  CHECK(json_string("") == "\"\"");
  CHECK(json_string("a\"b\\c\n\x01/") == "\"a\\\"b\\\\c\\n\\u0001/\"");
  CHECK(json_string(std::string(1, '\0')) == "\"\\u0000\"");
  for (std::size_t place = 0; place < 40; ++place) {
    std::string text(40, '~');
    CHECK(json_string(text) == '"' + text + '"');
    text[place] = '\n';
    CHECK(json_string(text)
          == '"' + text.substr(0, place) + "\\n" + text.substr(place + 1)
                 + '"');
  }
  CHECK(json_string("caf\xC3\xA9") == "\"caf\xC3\xA9\"");
}

TEST_CASE("a JSON string replaces each invalid byte") {
  const std::string mark = "\xEF\xBF\xBD";
  CHECK(json_string("a\xFFz") == "\"a" + mark + "z\"");
  CHECK(json_string("\xC3") == "\"" + mark + "\"");
  CHECK(json_string("\xE2\x82z") == "\"" + mark + mark + "z\"");
  CHECK(json_string("\xC3\xA9\xFF") == "\"\xC3\xA9" + mark + "\"");
}

} // namespace wsrelay::json_test
