// YAML errors in words of a configuration.
#include "config/yaml_words.hpp"

#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::yaml_words_test {

using test::errors;

namespace {

const std::string entry = "- name: a\n  kind: http.service\n";

/// What the errors of a file are that goes on like this in line 3.
std::string then(const std::string& lines) {
  auto text = errors(entry + lines);
  auto start = std::string{"relay.yaml:"};
  return text.starts_with(start) ? text.substr(start.size()) : text;
}

constexpr auto open_quote = ": the quote that opens here is not closed";
constexpr auto needs_quotes = ": a value with a colon and a space in it, or a "
                              "colon at its end, needs quotes: ";
constexpr auto no_key = ": must be a key, a colon, a space and a value, such "
                        "as kind: http.service";

std::string column(int mine, int before) {
  return ": is indented by " + std::to_string(mine)
         + (mine == 1 ? " space" : " spaces") + ", what stands before it by "
         + std::to_string(before)
         + ": keys of one map, and items of one list, begin in the same column";
}

} // namespace

TEST_CASE("a value with a colon in it needs quotes") {
  CHECK(then("  addr: a: b\n") == std::string{"3"} + needs_quotes + "\"a: b\"");
  CHECK(then("  addr: a:b:  # x\n")
        == std::string{"3"} + needs_quotes + "\"a:b:\"");
}

TEST_CASE("a value that begins with a mark of YAML needs quotes") {
  for (std::string value : {"*:80", "@x", "`x`", "%x"})
    CHECK(then("  addr: " + value + "\n")
          == "3: a value that begins with " + value.substr(0, 1)
                 + " needs quotes: \"" + value + "\"");
}

TEST_CASE("a quote that is not closed is told where it opens") {
  CHECK(then("  addr: \":80\n") == std::string{"3"} + open_quote);
  CHECK(then("  addr: ':80\n\n\n") == std::string{"3"} + open_quote);
  CHECK(then("  addr: \":80\n- name: b\n  kind: http.router\n")
        == std::string{"3"} + open_quote);
  CHECK(then("  addr: \":80\n- name: b\n  kind: \"http.router\"\n")
        == std::string{"3"} + open_quote);
  CHECK(errors("- name: \"\xC3\xA4: b\n  kind: http.service\n")
        == std::string{"relay.yaml:1"} + open_quote);
  CHECK(errors("\xEF\xBB\xBF- name: \"a\n  kind: http.service\n")
        == std::string{"relay.yaml:1"} + open_quote);
}

TEST_CASE("quoted text may go on in the next line") {
  CHECK(then("  addr: \"127.0.0.1\\\n    :80\"\n") == "");
  CHECK(errors("- name: 'it''s \\'\n  kind: http.service\n") == "");
}

TEST_CASE("places in UTF-16 are not those of its bytes") {
  std::string text = "# xxxxxx'\n- name: \"gateway\"\n  kind: http.service\n";
  for (auto padding = 0; padding < 12; ++padding) {
    std::string wide{"\xFF\xFE", 2};
    for (auto c : "#" + std::string(padding, 'x') + "'\n" + text)
      wide += {c, '\0'};
    CHECK(load_config(wide, "wide.yaml").errors.empty());
  }
}

TEST_CASE("text behind a quote is told") {
  auto behind = std::string{": text stands behind a quote that closes: quote "
                            "all of it, and write "};
  CHECK(then("  addr: \":80\" x\n")
        == "3" + behind + "\\\" inside for the quote itself");
  CHECK(errors("- name: 'it's\n  kind: http.service\n")
        == "relay.yaml:1" + behind + "'' inside for the quote itself");
}

TEST_CASE("a bracket that is not closed is told where it opens") {
  CHECK(then("  drain: {lead: 5s\n  threads: 2\n")
        == "3: the { that opens here is not closed: its } is missing");
  CHECK(then("  addr: [\":80\", \":81\"\n")
        == "3: the [ that opens here is not closed: its ] is missing");
  CHECK(then("  drain: {lead: [5s}\n")
        == "3: the [ that opens here is closed by }, not by ]");
}

TEST_CASE("a tab before the text is told") {
  auto tab = std::string{"3: a tab stands before the text: indent with spaces"};
  CHECK(then("\taddr: \":80\"\n") == tab);
  CHECK(then("  \taddr: \":80\"\n  threads: 2\n") == tab);
  CHECK(then("  drain:\n\t\tlead: 5s\n")
        == "4: a tab stands before the text: indent with spaces");
  CHECK(then("-\tname: b\n\tkind: http.router\n") == tab);
}

TEST_CASE("what stands in another column than its neighbours is told") {
  CHECK(then("   addr: \":80\"\n") == "3" + column(3, 2));
  CHECK(then(" addr: \":80\"\n") == "3" + column(1, 2));
  CHECK(then("  drain:\n    lead: 5s\n   spread: 1s\n") == "5" + column(3, 4));
  CHECK(then("  drain:\n    lead: 5s\n      spread: 1s\n")
        == "5" + column(6, 4));
  CHECK(then("  addr:\n    - \":80\"\n   - \":81\"\n") == "5" + column(3, 4));
  CHECK(errors("- name: a\n kind: http.service\n")
        == "relay.yaml:2" + column(1, 2));
}

TEST_CASE("an entry begins with a dash at the beginning of its line") {
  CHECK(errors("- name: a\nkind: http.service\n")
        == "relay.yaml:2: begins no entry and is part of none: each entry "
           "begins with \"- \" at the beginning of the line, its other keys "
           "with two spaces");
  CHECK(errors("-name: a\n kind: http.service\n")
        == "relay.yaml:1: a space is missing behind the - that begins an "
           "entry");
  CHECK(then("  - name: b\n")
        == "3: begins with \"- \" among keys: an entry begins at the beginning "
           "of its line, an item of a list below its key");
}

TEST_CASE("a line without a key is told") {
  CHECK(errors("- name: a\n  kind http.service\n  threads: 2\n")
        == std::string{"relay.yaml:2"} + no_key);
  CHECK(errors("- name: a\n  kind=http.service\n  threads: 2\n")
        == std::string{"relay.yaml:2"} + no_key);
}

TEST_CASE("a space that is missing behind a colon is the only error") {
  auto space = std::string{"a space is missing behind the colon"};
  CHECK(errors("- name: a\n  kind:http.service\n")
        == "relay.yaml:2: a.kind: " + space);
  CHECK(then("  addr::80\n") == "3: a.addr: " + space);
  CHECK(errors("- name:a\n  kind:http.service\n")
        == "relay.yaml:1: entry: must be a map, not text: a space is missing "
           "behind a colon");
}

TEST_CASE("a space that is missing behind a colon is told in its line") {
  auto space = std::string{": a space is missing behind the colon"};
  CHECK(errors("- name:a\n  kind: http.service\n") == "relay.yaml:1" + space);
  CHECK(errors("- name: a\n  kind:http.service\n  threads: 2\n")
        == "relay.yaml:2" + space);
  CHECK(then("  drain:\n    lead:5s\n    spread: 1s\n") == "4" + space);
}

TEST_CASE("a key without its indent is told in its line") {
  auto loose = std::string{": begins no entry and is part of none: each entry "
                           "begins with \"- \" at the beginning of the line, "
                           "its other keys with two spaces"};
  CHECK(errors("- name: a\nkind: http.router\n  meta: {server: g}\n")
        == "relay.yaml:2" + loose);
  CHECK(then("- name: b\nkind: http.router\n  meta: {server: a}\n"
             "  prefix: /b\n")
        == "4" + loose);
  CHECK(then("name: b\n  kind: http.router\n") == "3" + loose);
  CHECK(then("\n# b\nname: b\n\n  kind: http.router\n") == "5" + loose);
  CHECK(then("  addr: [\":80\",\n\":81\"\n]\nthreads: 2\n") == "6" + loose);
  CHECK(then("  addr: \":8\n0\"\n   threads: 2\n") == "5" + column(3, 2));
}

TEST_CASE("an alias without its anchor is told") {
  auto text = [](const std::string& name) {
    return ": *" + name + " stands for a value that has &" + name
           + " before it, and none above has; a text is quoted: \"*" + name
           + "\"";
  };
  CHECK(then("  drain: *d\n") == "3" + text("d"));
  CHECK(then("  drain: {lead: *lead}\n") == "3" + text("lead"));
  CHECK(then("- *b\n") == "3" + text("b"));
  CHECK(then("  <<: *b\n") == "3" + text("b"));
}

TEST_CASE("a quote behind an anchor or a tag is told where it opens") {
  CHECK(then("  addr: &a \":80\n- name: b\n  kind: http.router\n")
        == std::string{"3"} + open_quote);
  CHECK(then("  addr: &a \":80\n- name: \"b\"\n  kind: http.router\n")
        == std::string{"3"} + open_quote);
  CHECK(then("  addr: !!str &a ':80\n") == std::string{"3"} + open_quote);
  CHECK(then("  addr: &a\n    \":80\n") == std::string{"4"} + open_quote);
  CHECK(errors("- &a {name: \"b}\n- *a\n")
        == std::string{"relay.yaml:1"} + open_quote);
  CHECK(errors("- name: &n \"a\"\n  kind: http.service\n") == "");
}

TEST_CASE("a backslash is written as two") {
  CHECK(then("  addr: \"a\\q\"\n")
        == "3: a backslash in \"...\" is written \\\\, or as it is in '...'");
}

TEST_CASE("what nothing is known of is told as the parser says it") {
  auto fault = explain_yaml("- a: b\n", 1, "no reason");
  CHECK(fault.line == 1);
  CHECK(fault.text == "no reason");
  for (auto line : {-1, 0, 1, 2, 99})
    for (auto text : {"", "\n", "-", "- ", "'", "\"\\", "[", "|", "a: |\n b"}) {
      CAPTURE(text);
      auto any = explain_yaml(text, line, "x");
      CHECK(any.line > 0);
      CHECK(!any.text.empty());
    }
}

} // namespace wsrelay::yaml_words_test
