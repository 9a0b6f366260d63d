// An event as header fields: their names, the time, and what is escaped.
#include "protocol/cloud_event.hpp"

#include <doctest/doctest.h>

#include <cstdint>

namespace wsrelay::cloud_event_test {

using namespace std::string_view_literals;
using std::chrono::milliseconds;

namespace {

cloud_event make_event() {
  cloud_event out;
  out.type = "com.example.opened";
  out.source = "/relay/a";
  out.id = "17";
  out.time = milliseconds{1767322984678};
  return out;
}

std::string time_of(milliseconds time) {
  auto event = make_event();
  event.time = time;
  auto fields = to_fields(event);
  return std::string{find_field(fields, "ce-time").value_or("-")};
}

std::string encode(std::string_view value) {
  auto event = make_event();
  event.id = value;
  auto fields = to_fields(event);
  return std::string{find_field(fields, "ce-id").value_or("-")};
}

} // namespace

TEST_CASE("an event has the fields that every event has") {
  auto event = make_event();
  CHECK(to_fields(event)
        == http_fields{{"ce-specversion", "1.0"},
                       {"ce-type", "com.example.opened"},
                       {"ce-source", "/relay/a"},
                       {"ce-id", "17"},
                       {"ce-time", "2026-01-02T03:03:04.678Z"}});
}

TEST_CASE("subject and extensions follow where there are any") {
  auto event = make_event();
  event.subject = "room 1";
  event.extensions = {{"traceparent", "00-a\"b"}, {"x1", ""}};
  auto fields = to_fields(event);
  REQUIRE(fields.size() == 8);
  CHECK(fields[5] == http_fields::value_type{"ce-subject", "room%201"});
  CHECK(fields[6] == http_fields::value_type{"ce-traceparent", "00-a%22b"});
  CHECK(fields[7] == http_fields::value_type{"ce-x1", ""});
}

TEST_CASE("an extension without a name of its own is left out") {
  auto event = make_event();
  event.extensions = {{"", "1"},        {"Upper", "1"},  {"a-b", "1"},
                      {"a_b", "1"},     {"a\r\nb", "1"}, {"caf\xC3\xA9", "1"},
                      {"type", "1"},    {"time", "1"},   {"specversion", "1"},
                      {"a\0"sv, "1"},   {"a:", "1"},     {"a{", "1"},
                      {"0z9", "first"}, {"0z9", "2"}};
  auto fields = to_fields(event);
  REQUIRE(fields.size() == 6);
  CHECK(fields.back() == http_fields::value_type{"ce-0z9", "first"});
  CHECK(find_field(fields, "ce-type") == "com.example.opened");
}

TEST_CASE("a time is written in UTC with milliseconds") {
  CHECK(time_of(milliseconds{0}) == "1970-01-01T00:00:00.000Z");
  CHECK(time_of(milliseconds{1}) == "1970-01-01T00:00:00.001Z");
  CHECK(time_of(milliseconds{-1}) == "1969-12-31T23:59:59.999Z");
  CHECK(time_of(milliseconds{86'399'999}) == "1970-01-01T23:59:59.999Z");
  CHECK(time_of(milliseconds{86'400'000}) == "1970-01-02T00:00:00.000Z");
  CHECK(time_of(milliseconds{951'782'400'010}) == "2000-02-29T00:00:00.010Z");
  CHECK(time_of(milliseconds{1767323045678}) == "2026-01-02T03:04:05.678Z");
}

TEST_CASE("a time that has no year of four digits is the nearest that has") {
  constexpr std::int64_t first = -62'167'219'200'000;
  constexpr std::int64_t last = 253'402'300'799'999;
  CHECK(time_of(milliseconds{first + 1}) == "0000-01-01T00:00:00.001Z");
  CHECK(time_of(milliseconds{first}) == "0000-01-01T00:00:00.000Z");
  CHECK(time_of(milliseconds{first - 1}) == "0000-01-01T00:00:00.000Z");
  CHECK(time_of(milliseconds::min()) == "0000-01-01T00:00:00.000Z");
  CHECK(time_of(milliseconds{last - 1}) == "9999-12-31T23:59:59.998Z");
  CHECK(time_of(milliseconds{last}) == "9999-12-31T23:59:59.999Z");
  CHECK(time_of(milliseconds{last + 1}) == "9999-12-31T23:59:59.999Z");
  CHECK(time_of(milliseconds::max()) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("the example of section 3.1.3.2 is encoded as it says") {
  auto text = "Euro \xE2\x82\xAC \xF0\x9F\x98\x80";
  CHECK(encode(text) == "Euro%20%E2%82%AC%20%F0%9F%98%80");
  CHECK(decode_ce_value("Euro%20%E2%82%AC%20%F0%9F%98%80") == text);
}

TEST_CASE("every byte but printable ASCII is encoded, and decoded again") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    std::string text(1, static_cast<char>(byte));
    auto plain = byte >= 0x21 && byte <= 0x7E && byte != '"' && byte != '%';
    CHECK((encode(text) == text) == plain);
    CHECK(encode(text).size() == (plain ? 1 : 3));
    CHECK(decode_ce_value(encode(text)) == text);
  }
  CHECK(encode("") == "");
  CHECK(encode("!~") == "!~");
  CHECK(encode("a\"%\x7F\r\n") == "a%22%25%7F%0D%0A");
  CHECK(encode("%20") == "%2520");
}

TEST_CASE("every field is encoded") {
  auto event = make_event();
  event.type = "a\r\nb: c";
  event.source = event.subject = event.type;
  event.extensions = {{"x", "a\r\nb: c"}};
  auto fields = to_fields(event);
  for (auto name : {"ce-type", "ce-source", "ce-subject", "ce-x"}) {
    CAPTURE(name);
    CHECK(find_field(fields, name) == "a%0D%0Ab:%20c");
  }
}

TEST_CASE("escapes of any case are decoded, once") {
  CHECK(decode_ce_value("") == "");
  CHECK(decode_ce_value("plain") == "plain");
  CHECK(decode_ce_value("%e2%82%aC") == "\xE2\x82\xAC");
  CHECK(decode_ce_value("%41%00%fF") == "A\0\xFF"sv);
  CHECK(decode_ce_value("%2541") == "%41");
  CHECK(decode_ce_value("\"a%20b\"") == "\"a b\"");
}

TEST_CASE("what only looks like an escape stays as it is") {
  for (auto text : {"%", "%%", "%4", "a%4", "%g1", "%1g", "% 1", "%-1", "%+1",
                    "%0x", "%u0041", "%\xFF\xFF", "%@1", "%1`", "%/1", "%:1"}) {
    CAPTURE(text);
    CHECK(decode_ce_value(text) == text);
  }
  CHECK(decode_ce_value("%%41") == "%A");
  CHECK(decode_ce_value("%4%41") == "%4A");
  CHECK(decode_ce_value("%41%") == "A%");
}

} // namespace wsrelay::cloud_event_test
