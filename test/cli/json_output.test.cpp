// Members of JSON documents that hold foreign bytes.
#include "net/admin/json_output.hpp"

#include <doctest/doctest.h>

namespace wsrelay::cli::json_output_test {

namespace {

template <class Put>
std::string object(Put put_member) {
  return make_json([&](json_writer& out) {
    out.StartObject();
    put_member(out);
    out.EndObject();
  });
}

std::string with_bytes(std::string_view bytes) {
  return object([&](json_writer& out) { put_bytes(out, "data", bytes); });
}

std::string with_json(std::string_view json) {
  return object([&](json_writer& out) { put_json(out, "x", json); });
}

} // namespace

TEST_CASE("text is escaped, and never invalid") {
  auto text = object([](json_writer& out) {
    put(out, "a", "say \"x\"\n\x1b");
    put(out, "b", "\xff");
    put(out, "n", std::uint64_t{18446744073709551615u});
  });
  CHECK(text
        == R"({"a":"say \"x\"\n\u001B","b":")"
           "\xef\xbf\xbd"
           R"(","n":18446744073709551615})");
}

TEST_CASE("bytes are text if they can be, else base64") {
  CHECK(with_bytes("grün") == "{\"data\":\"grün\"}");
  CHECK(with_bytes("") == R"({"data":""})");
  CHECK(with_bytes("\xff") == R"({"data_base64":"/w=="})");
  CHECK(with_bytes("\xff\xfe") == R"({"data_base64":"//4="})");
  CHECK(with_bytes("\xff\xfe\xfd") == R"({"data_base64":"//79"})");
}

TEST_CASE("JSON stands as it is, anything else as text") {
  CHECK(with_json(R"({"a":[1]})") == R"({"x":{"a":[1]}})");
  CHECK(with_json("{") == R"({"x":"{"})");
}

TEST_CASE("no character commands a terminal or reorders text") {
  struct {
    std::string_view bytes;
    std::string_view escaped;
  } cases[] = {
      {"\x7e", "~"},
      {"\x7f", R"(\u007F)"},
      {"\xc2\x80", R"(\u0080)"},
      {"\xc2\x9b", R"(\u009B)"}, // CSI
      {"\xc2\x9f", R"(\u009F)"},
      {"\xc2\xa0", "\xc2\xa0"},
      {"\xd8\x9c", R"(\u061C)"},
      {"\xe2\x80\xa7", "\xe2\x80\xa7"},
      {"\xe2\x80\xa8", R"(\u2028)"},
      {"\xe2\x80\xaa", R"(\u202A)"},
      {"\xe2\x80\xae", R"(\u202E)"},
      {"\xe2\x80\xaf", "\xe2\x80\xaf"},
      {"\xe2\x81\xa5", "\xe2\x81\xa5"},
      {"\xe2\x81\xa6", R"(\u2066)"},
      {"\xe2\x81\xa9", R"(\u2069)"},
      {"\xe2\x81\xaa", "\xe2\x81\xaa"},
      {"\xef\xbb\xbf", R"(\uFEFF)"},
  };
  for (auto [bytes, escaped] : cases) {
    CAPTURE(escaped);
    std::string text{bytes};
    std::string shown{escaped};
    CHECK(with_bytes("a" + text + "b") == R"({"data":"a)" + shown + R"(b"})");
    CHECK(with_json(R"({")" + text + R"(":[")" + text + R"("]})")
          == R"({"x":{")" + shown + R"(":[")" + shown + R"("]}})");
    CHECK(with_json(text) == R"({"x":")" + shown + R"("})");
    auto member = object(
        [&](json_writer& out) { put(out, "a", std::string_view{text}); });
    CHECK(member == R"({"a":")" + shown + R"("})");
  }
}

TEST_CASE("line breaks between values stay") {
  CHECK(with_json("{\n\t\"a\": 1}") == "{\"x\":{\n\t\"a\": 1}}");
}

} // namespace wsrelay::cli::json_output_test
