// Path patterns of endpoints and how requests match them.
#include "protocol/path.hpp"

#include <doctest/doctest.h>

namespace wsrelay::path_test {

namespace {

path_pattern pattern(std::string_view text) {
  auto parsed = path_pattern::parse(text);
  REQUIRE_MESSAGE(parsed, std::string(text));
  return *parsed;
}

bool matches(std::string_view text, std::string_view path) {
  return pattern(text).match(path).has_value();
}

} // namespace

TEST_CASE("a pattern keeps its text and counts its literals") {
  CHECK(pattern("/chat/{room}").text() == "/chat/{room}");
  CHECK(pattern("/chat/{room}").literals() == 1);
  CHECK(pattern("/chat/lobby").literals() == 2);
  CHECK(pattern("/{a}/{b}").literals() == 0);
}

TEST_CASE("a malformed pattern is a failure") {
  for (std::string text :
       {"",      "chat",    "{a}",     "/{}",     "/{a}/{a}", "/a{b}",
        "/{a}b", "/{a",     "/a}",     "/{a}{b}", "/{{a}}",   "/.",
        "/..",   "/a/../b", "/%2e%2E", "/a?b",    "/a#b",     "/{a?}",
        "/%",    "/%2",     "/%zz",    "/a%2F..", "/..;x",    "/a%5C.",
        "/\xFF", "/%FF",    "/a\nb",   "/%00",    "/{\xFF}",  "/{a\n}"}) {
    CAPTURE(text);
    CHECK_FALSE(path_pattern::parse(text));
  }
}

TEST_CASE("a literal matches itself only") {
  CHECK(matches("/", "/"));
  CHECK(matches("/chat", "/chat"));
  for (std::string path : {"", "/", "chat", "/Chat", "/chat/", "//chat",
                           "/chat/x", "/chats", "/cha", "/chat?a"}) {
    CAPTURE(path);
    CHECK_FALSE(matches("/chat", path));
  }
}

TEST_CASE("a trailing slash is an empty segment of its own") {
  CHECK(matches("/chat/", "/chat/"));
  CHECK_FALSE(matches("/chat/", "/chat"));
  CHECK_FALSE(matches("/chat/", "/chat//"));
  CHECK(matches("/a//b", "/a//b"));
  CHECK_FALSE(matches("/a//b", "/a/b"));
}

TEST_CASE("a parameter stands for one whole segment that is not empty") {
  auto params = pattern("/chat/{room}/{user}").match("/chat/a/b");
  REQUIRE(params);
  CHECK(*params == path_params{{"room", "a"}, {"user", "b"}});
  for (std::string path : {"/chat", "/chat/a", "/chat/a/", "/chat//b",
                           "/chat/a/b/", "/chat/a/b/c", "/x/a/b"}) {
    CAPTURE(path);
    CHECK_FALSE(matches("/chat/{room}/{user}", path));
  }
}

TEST_CASE("escapes are decoded after the split at slashes") {
  auto params = pattern("/f/{name}").match("/f/a%2Fb%2f..%20%C3%A9+%25");
  REQUIRE(params);
  CHECK(*params == path_params{{"name", "a/b/.. \xC3\xA9+%"}});
  CHECK(matches("/chat", "/%63hat"));
  CHECK_FALSE(matches("/a/b", "/a%2Fb"));
  CHECK_FALSE(matches("/a/b", "%2Fa/b"));
}

TEST_CASE("a literal may be written with or without escapes") {
  for (auto text : {"/caf%C3%A9", "/caf\xC3\xA9"}) {
    CHECK(matches(text, "/caf%c3%a9"));
    CHECK(matches(text, "/caf\xC3\xA9"));
  }
}

TEST_CASE("a path with a malformed escape, bad UTF-8 or a control matches "
          "nothing") {
  for (std::string path :
       {"/%", "/%4", "/a%", "/%zz", "/%4g", "/%-1", "/%+1", "/% 1", "/%0x",
        "/%FF", "/\xFF", "/%C3", "/%00", "/a%0Ab", "/a\nb", "/%7F", "/%C2%85",
        "/%ED%A0%80"}) {
    CAPTURE(path);
    CHECK_FALSE(matches("/{a}", path));
  }
}

TEST_CASE("dot segments are found in every spelling") {
  for (std::string path : {"/.",
                           "/..",
                           "/a/..",
                           "/../a",
                           "/a/../b",
                           "/a/./b",
                           "/%2e",
                           "/%2E%2e",
                           "/.%2e/a",
                           "/%2e./a",
                           "/..%2fa",
                           "/a%2F..",
                           "/a%2f..%2Fb",
                           "/a%2f.",
                           "/..\\a",
                           "/a\\..\\b",
                           "/%5c..%5ca",
                           "/a/..%5Cb",
                           "/..;/a",
                           "/..;x=1/a",
                           "/.;",
                           "/..%3bx",
                           "..",
                           ".",
                           "%2e",
                           "../a",
                           "/%zz/..",
                           "/%/..",
                           "/a/%2e%2e%2fb",
                           "/\xFF/.."}) {
    CAPTURE(path);
    CHECK(has_dot_segments(path));
    CHECK_FALSE(matches("/{a}", path));
    CHECK_FALSE(matches("/{a}/{b}", path));
    CHECK_FALSE(matches("/{a}/{b}/{c}", path));
  }
}

TEST_CASE("dots that are no segment of their own are harmless") {
  for (std::string path :
       {"",           "/",      "//",          "/...",      "/a.",
        "/.a",        "/..a",   "/a..",        "/a.b/c..d", "/. ",
        "/%2e%2e%2e", "/.%2ea", "/%252e%252e", "/..%zz",    "/..%",
        "/..%2",      "/;",     "/;..",        "/a;..",     "/a;/b",
        "/a%2Fb",     "/...;x"}) {
    CAPTURE(path);
    CHECK_FALSE(has_dot_segments(path));
  }
}

TEST_CASE("of two patterns the one with more literals is more specific") {
  auto exact = pattern("/chat/lobby");
  auto loose = pattern("/chat/{room}");
  CHECK(exact.match("/chat/lobby"));
  CHECK(loose.match("/chat/lobby"));
  CHECK(exact.literals() > loose.literals());
}

TEST_CASE("patterns have the same shape when only parameter names differ") {
  CHECK(pattern("/a/{x}").same_shape(pattern("/a/{y}")));
  CHECK(pattern("/a%20b").same_shape(pattern("/a b")));
  CHECK(pattern("/").same_shape(pattern("/")));
  CHECK_FALSE(pattern("/a/{x}").same_shape(pattern("/a/b")));
  CHECK_FALSE(pattern("/a/{x}").same_shape(pattern("/{x}/a")));
  CHECK_FALSE(pattern("/a").same_shape(pattern("/a/")));
  CHECK_FALSE(pattern("/a").same_shape(pattern("/b")));
  CHECK_FALSE(pattern("/a/{x}").same_shape(pattern("/a/{x}/{y}")));
}

TEST_CASE("percent-decoding decodes every octet or nothing") {
  CHECK(percent_decode("") == "");
  CHECK(percent_decode("a+b") == "a+b");
  CHECK(percent_decode("%41%6a%6A") == "Ajj");
  CHECK(percent_decode("%2541") == "%41");
  CHECK(percent_decode("%00") == std::string(1, '\0'));
  CHECK(percent_decode("%ff") == "\xFF");
  for (auto text : {"%", "%4", "a%", "%%41", "%4x", "%x4", "% 4", "%-4"}) {
    CAPTURE(text);
    CHECK_FALSE(percent_decode(text));
  }
}

TEST_CASE("parameters replace their names and nothing else") {
  path_params params{{"room", "a{user}"}, {"user", "u"}, {"empty", ""}};
  CHECK(expand_params("", params) == "");
  CHECK(expand_params("chat", params) == "chat");
  CHECK(expand_params("{user}", params) == "u");
  CHECK(expand_params("{user}{user}.{empty}!", params) == "uu.!");
  CHECK(expand_params("{room}", params) == "a{user}"); // not expanded again
  CHECK(expand_params("{none}/{user}", params) == "{none}/u");
  CHECK(expand_params("{{user}}", params) == "{u}");
  CHECK(expand_params("{user", params) == "{user");
  CHECK(expand_params("user}", params) == "user}");
  CHECK(expand_params("{}", params) == "{}");
  CHECK(expand_params("{user} {", params) == "u {");
}

} // namespace wsrelay::path_test
