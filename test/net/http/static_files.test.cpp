// Files from a folder and from the program.
#include "net/http/static_files.hpp"

#include "protocol/http_fields.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace wsrelay;
namespace fs = std::filesystem;

namespace {

// A root with a secret beside it.
struct fixture {
  fixture() {
    auto pattern = (fs::temp_directory_path() / "wsrelay.XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    fs::create_directories(folder / "root/sub/empty");
    write("secret.txt", "secret");
    write("root/index.html", "<p>index</p>");
    write("root/sub/index.html", "<p>sub</p>");
    write("root/app.js", "app();");
    write("root/a b", "blank");
    write("root/empty.css", "");
    files.root = (folder / "root").string();
  }
  ~fixture() { fs::remove_all(folder); }

  void write(const std::string& name, std::string_view text) {
    std::ofstream{folder / name, std::ios::binary} << text;
  }

  http_response get(const std::string& file, const http_fields& fields = {}) {
    return static_files{}.get(files, file, fields);
  }

  std::string header(const http_response& response, std::string_view name) {
    return std::string{find_field(response.headers, name).value_or("none")};
  }

  fs::path folder;
  static_config files;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a file is served with its type") {
  auto response = get("app.js");
  CHECK(response.status == 200);
  CHECK(response.body.view() == "app();");
  CHECK(header(response, "Content-Type") == "text/javascript; charset=utf-8");
  CHECK(header(response, "X-Content-Type-Options") == "nosniff");
  CHECK(get("a b").body.view() == "blank");
  CHECK(get("empty.css").status == 200);
  CHECK(get("empty.css").body.empty());
}

TEST_CASE_FIXTURE(fixture, "a folder is answered with its index") {
  CHECK(get("").body.view() == "<p>index</p>");
  CHECK(get("sub/").body.view() == "<p>sub</p>");
  CHECK(get("sub/empty/").status == 404);
  files.index = "app.js";
  CHECK(get("").body.view() == "app();");
}

TEST_CASE_FIXTURE(fixture, "what is not there, or no file, is not found") {
  for (auto name : {"no.html", "sub", "app.js/", "app.js/x", "sub/empty"})
    CHECK(get(name).status == 404);
  files.root += "/no-such-folder";
  CHECK(get("").status == 404);
}

TEST_CASE_FIXTURE(fixture, "nothing outside of the root is served") {
  for (auto name : {"../secret.txt", "sub/../../secret.txt", "..",
                    "sub/../../root/../secret.txt", "/etc/passwd"})
    CHECK(get(name).status == 404);
  CHECK(get((folder / "secret.txt").string()).status == 404);
}

TEST_CASE_FIXTURE(fixture, "a folder whose name begins like the root is not "
                           "below it") {
  fs::create_directories(folder / "root2");
  write("root2/x.txt", "other");
  CHECK(get("../root2/x.txt").status == 404);
}

TEST_CASE_FIXTURE(fixture, "links are followed below the root only") {
  fs::create_symlink("app.js", folder / "root/inside.js");
  fs::create_symlink("../secret.txt", folder / "root/outside.txt");
  fs::create_directory_symlink(folder, folder / "root/up");
  CHECK(get("inside.js").body.view() == "app();");
  CHECK(get("outside.txt").status == 404);
  CHECK(get("up/secret.txt").status == 404);
  CHECK(get("up/root/app.js").body.view() == "app();");
}

TEST_CASE_FIXTURE(fixture, "a root that is a link is followed") {
  fs::create_directory_symlink(folder / "root", folder / "link");
  files.root = (folder / "link").string();
  CHECK(get("app.js").status == 200);
  CHECK(get("../secret.txt").status == 404);
}

TEST_CASE_FIXTURE(fixture, "a client that has the file gets 304") {
  auto tag = header(get("app.js"), "ETag");
  for (auto known :
       {tag, "\"x\", " + tag, tag + " , \"y\"", std::string{"*"}}) {
    auto response = get("app.js", {{"If-None-Match", known}});
    CHECK(response.status == 304);
    CHECK(response.body.empty());
    CHECK(header(response, "ETag") == tag);
  }
  CHECK(get("app.js", {{"If-None-Match", "\"x\""}}).status == 200);
  write("root/app.js", "App();");
  CHECK(get("app.js", {{"If-None-Match", tag}}).status == 200);
}

// RFC 9110 section 13.1.2: If-None-Match uses the weak comparison.
TEST_CASE_FIXTURE(fixture, "a weak tag, as a proxy makes one, matches") {
  auto tag = header(get("app.js"), "ETag");
  CHECK(get("app.js", {{"If-None-Match", "W/" + tag}}).status == 304);
}

TEST_CASE_FIXTURE(fixture, "a file over the limit is refused") {
  write("root/big", "");
  fs::resize_file(folder / "root/big", max_static_file + 1);
  CHECK(get("big").status == 413);
}

TEST_CASE("the demo page is built in") {
  static_config files;
  files.root = "builtin:demo";
  auto page = static_files{}.get(files, "", {});
  CHECK(page.status == 200);
  CHECK(page.body.view().find("<html") != std::string_view::npos);
  CHECK(static_files{}.get(files, "demo.js", {}).status == 200);
  CHECK(static_files{}.get(files, "../main.cpp", {}).status == 404);
  files.root = "builtin:no";
  CHECK(static_files{}.get(files, "", {}).status == 404);
}

TEST_CASE("the type of a file is known by its ending") {
  CHECK(content_type("a/b.html") == "text/html; charset=utf-8");
  CHECK(content_type("x.min.css") == "text/css; charset=utf-8");
  CHECK(content_type("x.svg") == "image/svg+xml");
  CHECK(content_type("x.wasm") == "application/wasm");
  for (auto name : {"", "html", "x.", "x.html.exe", "x.HTMLX"})
    CHECK(content_type(name) == "application/octet-stream");
}
