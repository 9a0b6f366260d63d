// Text that is nearly a configuration must neither crash nor throw.
#include "config/load.hpp"

#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

#include <random>

namespace wsrelay::garbage_test {

namespace {

constexpr std::string_view pieces[] = {
    "- ",          "\n",
    "\n  ",        "\n    ",
    ": ",          "name",
    "kind",        "meta",
    "server",      "gateway",
    "http.router", "http.service",
    "http.static", "path",
    "prefix",      "/a",
    "/{b}",        "{",
    "}",           "[",
    "]",           ",",
    "\"",          "'",
    "&a ",         "*a",
    "!!str ",      "!x",
    "|",           ">",
    "#",           "? ",
    "\t",          "---\n",
    "...",         "%YAML 1.2\n",
    "~",           "true",
    "1e9",         "-1",
    "99999999999", "10s",
    "KiB",         "\xFF",
    "\xC3\xA4",    "relay",
    "func",        "upstream",
    "metadata",    "http://h",
    "<<",          "post_options",
    "\\",          "wsrelay.window",
};

using generator = std::mt19937;

std::string_view pick(generator& random) {
  return pieces[random() % std::size(pieces)];
}

std::string make_garbage(generator& random) {
  std::string out;
  for (auto n = random() % 60; n > 0; --n)
    out += random() % 20 == 0 ? std::string(1, static_cast<char>(random()))
                              : std::string{pick(random)};
  return out;
}

/// The built-in configuration with some pieces replaced, removed or added.
std::string damage_builtin(generator& random) {
  std::string out{builtin_yaml()};
  for (auto n = 1 + random() % 6; n > 0; --n) {
    auto at = random() % out.size();
    out.replace(at, random() % 12, pick(random));
  }
  return out;
}

void check_loads(const std::string& yaml) {
  loaded_config loaded;
  REQUIRE_NOTHROW(loaded = load_config(yaml, "garbage.yaml"));
  REQUIRE_NOTHROW(test::lines(loaded.errors));
  if (!loaded.errors.empty())
    return;
  auto text = to_yaml(loaded.config);
  CHECK(test::errors(text) == "");
}

} // namespace

TEST_CASE("garbage is answered with errors") {
  constexpr unsigned seed = 20240131;
  MESSAGE("seed " << seed);
  generator random{seed};
  for (int i = 0; i < 3000; ++i) {
    auto yaml = make_garbage(random);
    CAPTURE(i);
    CAPTURE(yaml);
    check_loads(yaml);
  }
}

TEST_CASE("a damaged configuration is answered with errors") {
  constexpr unsigned seed = 7;
  MESSAGE("seed " << seed);
  generator random{seed};
  for (int i = 0; i < 1500; ++i) {
    auto yaml = damage_builtin(random);
    CAPTURE(i);
    CAPTURE(yaml);
    check_loads(yaml);
  }
}

TEST_CASE("deep and repetitive text is answered with errors") {
  for (std::string piece : {"[", "{", "- ", "? ", "a: ", "&a ", "!", "'", "\"",
                            "{a: ", "- &a [*a, ", "|\n "}) {
    std::string yaml;
    for (int i = 0; i < 2000; ++i)
      yaml += piece;
    CAPTURE(piece);
    check_loads(yaml);
  }
}

} // namespace wsrelay::garbage_test
