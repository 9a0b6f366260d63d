// Quotes and brackets in text that may be no YAML.
#include "config/yaml_outline.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::yaml_outline_test {

namespace {

/// "Q begin-end" of each quote and "B line" of each bracket that is open.
std::string outline(std::string_view text) {
  std::string out;
  auto found = outline_of(text);
  for (auto& each : found.quoted)
    out += std::string{each.quote} + std::to_string(each.begin) + "-"
           + std::to_string(each.end) + (each.has_more ? "+ " : " ");
  for (auto& each : found.open)
    out += std::string{each.bracket} + std::to_string(each.line) + " ";
  return out;
}

} // namespace

TEST_CASE("quotes are found where a value may begin") {
  CHECK(outline("a: \"b\"\n- 'c'\n") == "\"1-1 '2-2 ");
  CHECK(outline("a: it's \"so\"\n") == "");
  CHECK(outline("{a: \"b\", \"c\":'d'}") == "\"1-1 \"1-1 '1-1 ");
  CHECK(outline("a: \"x\n\n y\" z\n") == "\"1-3+ ");
  CHECK(outline("a: 'b") == "'1-0 ");
}

TEST_CASE("comments and block texts hold neither") {
  CHECK(outline("# \"a\nb: c # [\n") == "");
  CHECK(outline("a:\n  b: |\n    it's [\n\n    \"x\n  c: 'd'\n") == "'6-6 ");
  CHECK(outline("a: >\n  'x") == "");
}

TEST_CASE("brackets that nothing closes are left") {
  CHECK(outline("a: {b: [c]}\n") == "");
  CHECK(outline("a: {b: [c}\nd: [e\n") == "[1 {1 [2 ");
  CHECK(outline("a: b [c\n") == "");
  CHECK(outline("]}\n") == "");
}

TEST_CASE("a quote is closed by its like, and not where it is escaped") {
  CHECK(end_of_quoted("\"a\\\"b\"c", 0) == 6);
  CHECK(end_of_quoted("'a''b'c", 0) == 6);
  CHECK(end_of_quoted("x'a'", 1) == 4);
  CHECK(end_of_quoted("'a''", 0) == std::string_view::npos);
  CHECK(end_of_quoted("\"a\\", 0) == std::string_view::npos);
}

} // namespace wsrelay::yaml_outline_test
