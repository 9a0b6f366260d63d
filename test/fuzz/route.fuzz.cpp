// Request paths on the routes of a node: a line of method, then the path. A
// file never lies outside of its folder, and no path is lost between routes.
#include "config/route_table.hpp"

#include "config/load.hpp"
#include "protocol/text.hpp"
#include "protocol/utf8.hpp"
#include "test/fuzz/input.hpp"

using namespace wsrelay;
using fuzz::expect;

namespace {

constexpr std::string_view yaml = R"yaml(
- {name: s, kind: http.static, meta: {server: gateway}, path: /,
   root: "builtin:demo"}
- {name: t, kind: http.static, meta: {server: gateway}, path: /app,
   root: "builtin:demo"}
- {name: r, kind: http.router, meta: {server: gateway}, prefix: /ws}
- {name: a, kind: http.endpoint, meta: {router: r}, path: "/{x}/b", func: f}
- {name: b, kind: http.endpoint, meta: {router: r}, path: "/a/{y}", func: f}
- {name: c, kind: http.endpoint, meta: {router: r}, path: /a/b, func: f,
   method: POST}
)yaml";

struct routes {
  loaded_config loaded = load_config(yaml, "routes.yaml");
  route_table table{loaded.config, "gateway"};
};

void check_file(const static_match& found, std::string_view path) {
  expect(!found.file.starts_with('/'), "a file is relative");
  expect(is_plain_utf8(found.file), "a file's name is plain text");
  for (auto segment : split(found.file, '/'))
    expect(segment != "." && segment != "..", "a file is below its root");
  auto decoded = percent_decode(path);
  expect(decoded && decoded->starts_with(found.files->path),
         "a file has its prefix");
}

void check_endpoint(const endpoint_match& found, const routes& from,
                    std::string_view path) {
  expect(found.endpoint->path.match(path) == found.params, "its parameters");
  for (const auto& other : from.loaded.config.endpoints)
    expect(other.method != found.endpoint->method || !other.path.match(path)
               || other.path.literals() <= found.endpoint->path.literals(),
           "the most specific endpoint wins");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const routes all;
  expect(all.loaded.errors.empty(), "the routes are valid");
  fuzz::input in{data, size};
  auto method = in.line();
  auto path = in.rest();
  auto found = all.table.find(method, path);
  if (auto* file = std::get_if<static_match>(&found))
    check_file(*file, path);
  if (auto* endpoint = std::get_if<endpoint_match>(&found))
    check_endpoint(*endpoint, all, path);
  if (auto* answered = std::get_if<options_match>(&found))
    expect(method == "OPTIONS" && answered->allow.ends_with("OPTIONS"),
           "OPTIONS is answered with what is allowed");
  if (!std::holds_alternative<no_match>(found)
      && !std::holds_alternative<options_match>(found))
    expect(!has_dot_segments(path), "dot segments match nothing");
  if (auto* mismatch = std::get_if<method_mismatch>(&found))
    expect(!mismatch->allow.empty(), "some method is allowed");
  return 0;
}
