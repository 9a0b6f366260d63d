// The keys of an http.static.
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

#include <filesystem>

namespace wsrelay::read_static_test {

using test::errors;

namespace {

/// Static files with what `line`, line 4, says.
std::string with(std::string_view line) {
  return "- name: app\n  kind: http.static\n  meta: {server: gateway}\n  "
         + std::string{line} + "\n";
}

} // namespace

TEST_CASE("static files have a path, a root and an index") {
  auto config =
      test::config(with("path: /app\n  root: /tmp\n  index: main.html"));
  REQUIRE(config.statics.size() == 1);
  CHECK(config.statics[0].server == "gateway");
  CHECK(config.statics[0].path == "/app");
  CHECK(config.statics[0].root == "/tmp");
  CHECK(config.statics[0].index == "main.html");
}

TEST_CASE("the index is index.html unless something else is said") {
  auto config = test::config(with("path: /\n  root: builtin:demo"));
  REQUIRE(config.statics.size() == 1);
  CHECK(config.statics[0].root == "builtin:demo");
  CHECK(config.statics[0].index == "index.html");
}

TEST_CASE("a root is looked up beside the configuration") {
  auto here = std::filesystem::temp_directory_path() / "wsrelay_static_test";
  std::filesystem::create_directories(here / "web");
  auto loaded = load_config(with("path: /\n  root: ./web"),
                            (here / "relay.yaml").string());
  std::filesystem::remove_all(here);
  CHECK(test::lines(loaded.errors) == "");
  REQUIRE(loaded.config.statics.size() == 1);
  CHECK(loaded.config.statics[0].root == (here / "web").string());
}

TEST_CASE("a root is a folder that exists") {
  CHECK(errors(with("path: /\n  root: /nowhere/web"))
        == "relay.yaml:5: app.root: is not a folder: /nowhere/web");
  CHECK(errors(with("path: /\n  root: /etc/passwd"))
        == "relay.yaml:5: app.root: is not a folder: /etc/passwd");
  CHECK(errors(with("path: /")) == "relay.yaml:1: app.root: is missing");
}

TEST_CASE("a root that is built in is one that there is") {
  CHECK(errors(with("path: /\n  root: builtin:dmeo"))
        == "relay.yaml:5: app.root: unknown builtin:dmeo, known is "
           "builtin:demo");
}

TEST_CASE("a static path is a literal prefix") {
  auto refused = std::string{
      "relay.yaml:4: app.path: must be / or a prefix such as /app: literal, "
      "without a slash at its end"};
  auto load = [](std::string path) {
    return errors(with("path: '" + path + "'\n  root: builtin:demo"));
  };
  CHECK(load("/") == "");
  CHECK(load("/a/b.c") == "");
  for (auto bad : {"app", "/app/", "//", "/a//b", "/..", "/./a", "/a%20b",
                   "/{a}", "/a?b", "/a#b", "/a\\b"}) {
    CAPTURE(bad);
    CHECK(load(bad) == refused);
  }
  CHECK(errors(with("root: builtin:demo"))
        == "relay.yaml:1: app.path: is missing");
}

TEST_CASE("an index is the name of a file") {
  for (std::string bad : {"''", "a/b", "..", "."}) {
    CAPTURE(bad);
    CHECK(errors(with("index: " + bad + "\n  path: /\n  root: builtin:demo"))
          == "relay.yaml:4: app.index: must be the name of a file");
  }
}

TEST_CASE("static files need a server that exists") {
  CHECK(errors("- {name: app, kind: http.static, path: /, root: builtin:demo}")
        == "relay.yaml:1: app.meta.server: is missing");
  CHECK(errors("- {name: app, kind: http.static, path: /, root: builtin:demo,\n"
               "   meta: {server: nobody}}")
        == "relay.yaml:2: app.meta.server: no http.service has the name "
           "nobody");
}

TEST_CASE("two static folders on one path are in conflict") {
  auto second = [](std::string path) {
    return errors(with("path: /app\n  root: builtin:demo")
                  + "- name: other\n  kind: http.static\n"
                    "  meta: {server: gateway}\n  path: "
                  + path + "\n  root: builtin:demo\n");
  };
  CHECK(second("/app")
        == "relay.yaml:9: other.path: the same path as app "
           "(relay.yaml:1)");
  CHECK(second("/app/deeper") == "");
  CHECK(second("/") == "");
}

} // namespace wsrelay::read_static_test
