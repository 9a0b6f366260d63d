// Reading others' traceparents, and making our own.
#include "protocol/trace_context.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

namespace wsrelay::trace_context_test {

namespace {

constexpr std::string_view trace_digits = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view parent_digits = "00f067aa0ba902b7";

std::string traceparent(std::string_view version = "00",
                        std::string_view trace = trace_digits,
                        std::string_view parent = parent_digits,
                        std::string_view flags = "01") {
  std::string result;
  for (auto part : {version, trace, parent, flags})
    result.append(part).append("-");
  result.pop_back();
  return result;
}

bool is_read(std::string_view text) {
  return parse_traceparent(text).has_value();
}

} // namespace

// The example of section 3.2.
TEST_CASE("a traceparent names a trace, the span that asks, and flags") {
  auto read = parse_traceparent(
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  REQUIRE(read);
  CHECK_FALSE(read->empty());
  CHECK(read->trace.front() == 0x4b);
  CHECK(read->trace.back() == 0x36);
  CHECK(read->parent.front() == 0x00);
  CHECK(read->parent.back() == 0xb7);
  CHECK(read->flags == 1);
  CHECK(trace_text(*read) == trace_digits);
}

TEST_CASE("a traceparent that is read prints as it came") {
  for (std::string flags : {"00", "01"}) {
    auto text = traceparent("00", trace_digits, parent_digits, flags);
    auto read = parse_traceparent(text);
    REQUIRE(read);
    CHECK(to_text(*read) == text);
    CHECK(parse_traceparent(to_text(*read)) == read);
  }
}

TEST_CASE("of the flags only the one that version 00 knows is kept") {
  for (auto [flags, kept] :
       {std::pair{"00", 0}, std::pair{"01", 1}, std::pair{"02", 0},
        std::pair{"03", 1}, std::pair{"fe", 0}, std::pair{"ff", 1}}) {
    auto& shown_flags = flags;
    CAPTURE(shown_flags);
    auto read = parse_traceparent(
        traceparent("00", trace_digits, parent_digits, flags));
    REQUIRE(read);
    CHECK(int{read->flags} == kept);
  }
}

TEST_CASE("a digit in upper case is none") {
  CHECK(is_read(traceparent("0a")));
  CHECK_FALSE(is_read(traceparent("0A")));
  CHECK_FALSE(is_read(traceparent("00", "4BF92F3577B34DA6A3CE929D0E0E4736")));
  CHECK_FALSE(is_read(traceparent("00", trace_digits, "00F067AA0BA902B7")));
  CHECK_FALSE(is_read(traceparent("00", trace_digits, parent_digits, "0A")));
}

TEST_CASE("an id of zeros is none") {
  CHECK_FALSE(is_read(traceparent("00", std::string(32, '0'))));
  CHECK_FALSE(is_read(traceparent("00", trace_digits, std::string(16, '0'))));
  CHECK(is_read(traceparent("00", std::string(31, '0') + "1")));
  CHECK(is_read(traceparent("00", trace_digits, std::string(15, '0') + "1")));
}

TEST_CASE("version ff is none, and a later one may say more") {
  CHECK_FALSE(is_read(traceparent("ff")));
  CHECK_FALSE(is_read(traceparent("ff") + "-more"));
  for (std::string version : {"01", "cc", "fe"}) {
    CAPTURE(version);
    auto text = traceparent(version);
    CHECK(is_read(text));
    CHECK(is_read(text + "-"));
    CHECK(is_read(text + "-what-else.there is"));
    CHECK_FALSE(is_read(text + "0"));
    CHECK_FALSE(is_read(text + "."));
  }
  CHECK_FALSE(is_read(traceparent() + "-"));
  CHECK_FALSE(is_read(traceparent() + "-more"));
}

TEST_CASE("a later version's trace is told in version 00") {
  auto read = parse_traceparent(traceparent("cc") + "-more");
  REQUIRE(read);
  CHECK(to_text(*read) == traceparent());
}

TEST_CASE("a traceparent has 55 bytes") {
  auto text = traceparent();
  REQUIRE(text.size() == 55);
  CHECK(is_read(text));
  CHECK_FALSE(is_read(text + "0"));
  CHECK_FALSE(is_read(" " + text));
  CHECK_FALSE(is_read(text + " "));
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(is_read(std::string_view{text}.substr(0, size)));
  }
}

TEST_CASE("no byte of a traceparent may be another one's") {
  auto text = traceparent();
  for (std::size_t i = 0; i < text.size(); ++i)
    for (char c : {'g', '/', ':', '`', ' ', '\0', '\xff', 'A'}) {
      CAPTURE(i);
      auto other = text;
      other[i] = c;
      CHECK_FALSE(is_read(other));
    }
  for (std::size_t i : {2u, 35u, 52u}) {
    auto other = text;
    other[i] = '0';
    CHECK_FALSE(is_read(other));
  }
}

TEST_CASE("a trace that begins here is unlike others, and not sampled") {
  std::set<std::string> traces, spans;
  for (int i = 0; i < 100; ++i) {
    auto made = make_trace();
    CHECK_FALSE(made.empty());
    CHECK(made.flags == 0);
    CHECK(parse_traceparent(to_text(made)) == made);
    traces.insert(trace_text(made));
    spans.insert(to_text(made).substr(36, 16));
  }
  CHECK(traces.size() == 100);
  CHECK(spans.size() == 100);
}

TEST_CASE("a span of a trace has its trace and flags, and an id of its own") {
  auto parent = parse_traceparent(traceparent());
  REQUIRE(parent);
  auto one = make_span_of(*parent), other = make_span_of(*parent);
  CHECK(one.trace == parent->trace);
  CHECK(one.flags == parent->flags);
  CHECK(one.parent != parent->parent);
  CHECK(one.parent != other.parent);
  CHECK(parse_traceparent(to_text(one)) == one);
}

TEST_CASE("what was never read is empty") {
  CHECK(trace_context{}.empty());
  CHECK(trace_text({}) == std::string(32, '0'));
  CHECK_FALSE(is_read(to_text(trace_context{})));
}

} // namespace wsrelay::trace_context_test
