// Members of JSON documents that hold foreign bytes.
#include "tools/wsrelay/json_output.hpp"

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

} // namespace wsrelay::cli::json_output_test
