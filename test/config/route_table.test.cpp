// Which endpoint or file a request finds.
#include "config/route_table.hpp"

#include "test/config/describe_match.hpp"
#include "test/config/loaded_text.hpp"

#include <doctest/doctest.h>

namespace wsrelay::route_table_test {

using test::describe_match;

namespace {

relay_config make_config(std::string_view more = "") {
  auto config = test::config(std::string{R"(
- {name: gw, kind: http.service, addr: ":0"}
- {name: other, kind: http.service, addr: ":0"}
- {name: ws, kind: http.router, meta: {server: gw}, prefix: /ws}
- {name: top, kind: http.router, meta: {server: gw}}
- {name: far, kind: http.router, meta: {server: other}}
- {name: any, kind: http.endpoint, meta: {router: ws}, func: f,
   path: "/{a}/{b}"}
- {name: room, kind: http.endpoint, meta: {router: ws}, func: f,
   path: "/chat/{room}"}
- {name: lobby, kind: http.endpoint, meta: {router: ws}, func: f,
   path: /chat/lobby, method: POST}
- {name: far, kind: http.endpoint, meta: {router: far}, func: f, path: /far}
)"} + std::string{more});
  REQUIRE(config.services.size() == 2);
  return config;
}

constexpr std::string_view files = R"(
- {name: root, kind: http.static, meta: {server: gw}, path: /,
   root: "builtin:demo"}
- {name: app, kind: http.static, meta: {server: gw}, path: /app,
   root: "builtin:demo"}
- {name: deep, kind: http.static, meta: {server: gw}, path: /app/deep,
   root: "builtin:demo"}
)";

struct fixture {
  explicit fixture(std::string_view more = "")
      : config{make_config(more)}, table{config, "gw"} {}

  std::string find(std::string_view method, std::string_view path) const {
    return std::visit(describe_match{}, table.find(method, path));
  }

  std::string get(std::string_view path) const { return find("GET", path); }

  relay_config config;
  route_table table;
};

} // namespace

TEST_CASE("a request finds its endpoint with router and parameters") {
  fixture at;
  auto found = at.table.find("GET", "/ws/chat/7");
  REQUIRE(std::holds_alternative<endpoint_match>(found));
  const auto& match = std::get<endpoint_match>(found);
  CHECK(match.endpoint->name == "room");
  CHECK(match.router->name == "ws");
  CHECK(match.params == path_params{{"room", "7"}});
}

TEST_CASE("more literal segments go before fewer") {
  fixture at;
  CHECK(at.get("/ws/chat/7") == "room room=7");
  CHECK(at.get("/ws/talk/7") == "any a=talk b=7");
  CHECK(at.find("POST", "/ws/chat/lobby") == "lobby");
}

TEST_CASE("a method that the most specific path lacks goes to the next") {
  fixture at;
  CHECK(at.get("/ws/chat/lobby") == "room room=lobby");
}

TEST_CASE("parameters are decoded and never split") {
  fixture at;
  CHECK(at.get("/ws/chat/a%20b") == "room room=a b");
  CHECK(at.get("/ws/chat/a%2Fb") == "room room=a/b");
  CHECK(at.get("/ws/chat/a%00b") == "-");
  CHECK(at.get("/ws/chat/%zz") == "-");
  CHECK(at.get("/ws/chat/") == "-");
}

TEST_CASE("a prefix ends where a segment does") {
  fixture at;
  CHECK(at.get("/wsx/chat/7") == "-");
  CHECK(at.get("/ws") == "-");
  CHECK(at.get("/chat/7") == "-");
}

TEST_CASE("endpoints of other services are not found") {
  fixture at;
  CHECK(at.get("/far") == "-");
  route_table other{at.config, "other"};
  CHECK(std::visit(describe_match{}, other.find("GET", "/far")) == "far");
  route_table none{at.config, "none"};
  CHECK(std::visit(describe_match{}, none.find("GET", "/far")) == "-");
}

TEST_CASE("HEAD goes to the endpoint of GET") {
  fixture at;
  CHECK(at.find("HEAD", "/ws/chat/7") == "room room=7");
}

TEST_CASE("an endpoint of its own for HEAD goes before GET's") {
  fixture at{R"(
- {name: head, kind: http.endpoint, meta: {router: ws}, func: f,
   path: "/chat/{r}", method: HEAD}
)"};
  CHECK(at.find("HEAD", "/ws/chat/7") == "head r=7");
  CHECK(at.get("/ws/chat/7") == "room room=7");
}

TEST_CASE("a named method goes before any method") {
  fixture at{R"(
- {name: star, kind: http.endpoint, meta: {router: top}, func: f,
   path: /x, method: "*"}
- {name: get, kind: http.endpoint, meta: {router: top}, func: f, path: /x}
)"};
  CHECK(at.get("/x") == "get");
  CHECK(at.find("HEAD", "/x") == "get");
  CHECK(at.find("DELETE", "/x") == "star");
}

TEST_CASE("a method that no endpoint has is told the ones there are") {
  fixture at;
  CHECK(at.find("DELETE", "/ws/talk/7") == "405 GET, HEAD, OPTIONS");
  CHECK(at.find("DELETE", "/ws/chat/lobby") == "405 GET, HEAD, OPTIONS, POST");
  CHECK(at.find("get", "/ws/chat/7") == "405 GET, HEAD, OPTIONS");
}

TEST_CASE("endpoints go before static files") {
  fixture at{files};
  CHECK(at.get("/ws/chat/7") == "room room=7");
  CHECK(at.find("DELETE", "/ws/chat/7") == "405 GET, HEAD, OPTIONS");
  CHECK(at.get("/ws/chat") == "root: ws/chat");
}

TEST_CASE("the longest static prefix wins and ends where a segment does") {
  fixture at{files};
  CHECK(at.get("/app/a/b.js") == "app: a/b.js");
  CHECK(at.get("/app/deep/a") == "deep: a");
  CHECK(at.get("/app/deeper/a") == "app: deeper/a");
  CHECK(at.get("/apple") == "root: apple");
  CHECK(at.get("/app.js") == "root: app.js");
}

TEST_CASE("the static prefix itself is the index") {
  fixture at{files};
  CHECK(at.get("/") == "root: ");
  CHECK(at.get("/app/") == "app: ");
  CHECK(at.get("/app/sub/") == "app: sub/");
}

TEST_CASE("a static prefix without its slash is told so") {
  fixture at{files};
  CHECK(at.get("/app") == "app/: ");
  CHECK(at.find("HEAD", "/%61pp") == "app/: ");
  CHECK(at.get("/app/deep") == "deep/: ");
  CHECK(at.get("/app/other") == "app: other");
  CHECK(at.get("/") == "root: ");
}

TEST_CASE("OPTIONS is answered for each path that exists") {
  fixture at{files};
  CHECK(at.find("OPTIONS", "/ws/talk/7") == "204 GET, HEAD, OPTIONS");
  CHECK(at.find("OPTIONS", "/ws/chat/lobby") == "204 GET, HEAD, OPTIONS, POST");
  CHECK(at.find("OPTIONS", "/") == "204 GET, HEAD, OPTIONS");
  CHECK(at.find("OPTIONS", "/app/x") == "204 GET, HEAD, OPTIONS");
  CHECK(at.find("OPTIONS", "/../x") == "-");
  CHECK(at.find("options", "/app/x") == "405 GET, HEAD, OPTIONS");
}

TEST_CASE("OPTIONS of the server tells all its methods") {
  CHECK(fixture{}.find("OPTIONS", "*") == "204 GET, HEAD, OPTIONS, POST");
  CHECK(fixture{}.find("OPTIONS", "/") == "204 GET, HEAD, OPTIONS, POST");
  CHECK(fixture{}.find("OPTIONS", "/none") == "-");
  CHECK(fixture{}.find("GET", "*") == "-");
  fixture any{R"(
- {name: star, kind: http.endpoint, meta: {router: top}, func: f,
   path: /x, method: "*"}
)"};
  CHECK(any.find("OPTIONS", "*")
        == "204 DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
  relay_config empty;
  route_table none{empty, "gw"};
  CHECK(std::visit(describe_match{}, none.find("OPTIONS", "*"))
        == "204 GET, HEAD, OPTIONS");
}

TEST_CASE("an endpoint that takes OPTIONS gets them") {
  fixture at{R"(
- {name: star, kind: http.endpoint, meta: {router: top}, func: f,
   path: /x, method: "*"}
- {name: own, kind: http.endpoint, meta: {router: top}, func: f,
   path: /y, method: OPTIONS}
)"};
  CHECK(at.find("OPTIONS", "/x") == "star");
  CHECK(at.find("OPTIONS", "/y") == "own");
  CHECK(at.get("/y") == "405 OPTIONS");
}

TEST_CASE("dot segments match no endpoint in any spelling") {
  fixture at{R"(
- {name: ab, kind: http.endpoint, meta: {router: top}, func: f,
   path: "/{a}/{b}"}
)"};
  CHECK(at.get("/a/b") == "ab a=a b=b");
  for (auto path : {"/../secret", "/%2e%2e/secret", "/a/..%2f..", "/.%2E/x",
                    "/a/.", "/..;/x", "/a/..%5cb", "/a\\../b"}) {
    CAPTURE(path);
    CHECK(at.get(path) == "-");
  }
}

TEST_CASE("static files are for GET and HEAD") {
  fixture at{files};
  CHECK(at.find("HEAD", "/a") == "root: a");
  CHECK(at.find("POST", "/a") == "405 GET, HEAD, OPTIONS");
}

TEST_CASE("file names are decoded") {
  fixture at{files};
  CHECK(at.get("/a%20b") == "root: a b");
  CHECK(at.get("/%61pp/x") == "app: x");
  CHECK(at.get("/%C3%BC") == "root: ü");
  CHECK(at.get("/...") == "root: ...");
  CHECK(at.get("/.hidden") == "root: .hidden");
}

TEST_CASE("no request leaves the root") {
  fixture at{files};
  for (auto path :
       {"/..",       "/../x",      "/a/..",     "/a/../b",     "/app/../x",
        "/%2e%2e/x", "/%2E./x",    "/a/.%2e/b", "/.",          "/a/./b",
        "/%2e",      "/a%2Fb",     "/..%2Fx",   "/a%2f..%2fb", "/a\\b",
        "/..\\x",    "/%5c..%5cx", "/a%00",     "/a%00.html",  "/%0a",
        "//",        "//a",        "/a//b",     "/app//b",     "/a/b//",
        "/%",        "/%2",        "/%zz",      "/%ff",        "",
        "a",         "*",          "http://h/a"}) {
    CAPTURE(path);
    CHECK(at.get(path) == "-");
  }
  using namespace std::string_view_literals;
  CHECK(at.get("/a\0b"sv) == "-");
}

} // namespace wsrelay::route_table_test
