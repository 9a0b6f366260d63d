// Files from a folder and from the program.
#include "net/http/disk_file.hpp"
#include "net/http/file_source.hpp"
#include "test/net/http/file_fixture.hpp"

#include <future>
#include <thread>

#include <sys/stat.h>

namespace wsrelay::static_files_test {

namespace fs = std::filesystem;

namespace {

using fixture = test::file_fixture;

} // namespace

TEST_CASE_FIXTURE(fixture, "a file is served with its type") {
  auto response = get("app.js");
  CHECK(response.status == 200);
  CHECK(response.body.view() == "app();");
  CHECK(header(response, "Content-Type") == "text/javascript; charset=utf-8");
  CHECK(header(response, "X-Content-Type-Options") == "nosniff");
  CHECK(header(response, "Accept-Ranges") == "bytes");
  CHECK(header(response, "Cache-Control") == "no-cache");
  CHECK(header(response, "Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(header(response, "Vary") == "none");
  CHECK(get("a b").body.view() == "blank");
  CHECK(get("empty.css").status == 200);
  CHECK(get("empty.css").body.empty());
}

TEST_CASE_FIXTURE(fixture, "a time that is yet to come is not told") {
  folder.set_time("root/app.js", 4102444800); // 2100
  CHECK(header(get("app.js"), "Last-Modified") == "none");
}

TEST_CASE_FIXTURE(fixture, "a folder is answered with its index") {
  CHECK(get("").body.view() == "<p>index</p>");
  CHECK(get("sub/").body.view() == "<p>sub</p>");
  CHECK(header(get("sub/"), "Content-Type") == "text/html; charset=utf-8");
  CHECK(get("sub/empty/").status == 404);
  settings.index = "app.js";
  CHECK(get("").body.view() == "app();");
}

TEST_CASE_FIXTURE(fixture, "what is not there, or no file, is not found") {
  ::mkfifo((folder / "root/pipe").c_str(), 0600);
  for (auto name : {"no.html", "app.js/", "app.js/x", "pipe", "no/", "sub//",
                    "sub//index.html", "/app.js", "/"})
    CHECK(get(name).status == 404);
  CHECK(get(std::string{"app.js\0.html", 12}).status == 404);
  settings.root += "/no-such-folder";
  CHECK(get("").status == 404);
}

TEST_CASE_FIXTURE(fixture, "nothing outside of the root is served") {
  fs::create_symlink("../secret.txt", folder / "root/outside.txt");
  for (auto name :
       {"../secret.txt", "sub/../../secret.txt", "..", "outside.txt",
        "sub/../../root/../secret.txt", "/etc/passwd"})
    CHECK(get(name).status == 404);
  CHECK(get((folder / "secret.txt").string()).status == 404);
}

TEST_CASE_FIXTURE(fixture, "names that begin with a dot are not served") {
  fs::create_directories(folder / "root/.git");
  fs::create_directories(folder / "root/sub/.well-known");
  fs::create_directories(folder / "root/.well-known/.git");
  for (auto name :
       {".env", ".git/config", "sub/.env", ".well-known/a", ".well-known/.b",
        ".well-known/.git/c", "..x", "sub/.well-known/a", "x.", ".well-known2"})
    folder.write(std::string{"root/"} + name, "text");
  for (auto name :
       {".env", ".git/config", ".git", ".git/", "sub/.env", ".well-known/.b",
        ".well-known/.git/c", "..x", "sub/.well-known/a", ".well-known2", "."})
    CHECK(get(name).status == 404);
  CHECK(get(".well-known/a").status == 200);
  CHECK(get("x.").status == 200);
  CHECK(get(".well-known").status == 308);
}

// A client follows it with the same method, and relative links work.
TEST_CASE_FIXTURE(fixture, "a folder without its slash is a redirect") {
  auto request = make_request("sub");
  request.path = "/mount/s%75b";
  auto found = ask({&settings, "sub"}, request).response;
  CHECK(found.status == 308);
  CHECK(header(found, "Location") == "/mount/s%75b/");
  CHECK(found.body.empty());
  request.query = "a=/../b&c";
  found = ask({&settings, "sub"}, request).response;
  CHECK(header(found, "Location") == "/mount/s%75b/?a=/../b&c");
  CHECK(get("sub/empty").status == 308);
  CHECK(ask("sub", {}, "HEAD").response.status == 308);
}

TEST_CASE_FIXTURE(fixture, "an index that is a folder is not found") {
  settings.index = "sub";
  for (auto path : {"/", "/mount/"}) {
    auto request = make_request("");
    request.path = path;
    CHECK(ask({&settings, ""}, request).response.status == 404);
  }
}

TEST_CASE_FIXTURE(fixture, "a mount without its slash is a redirect") {
  for (std::string root : {settings.root.c_str(), "builtin:demo", "/none"}) {
    settings.root = root;
    auto request = make_request("app");
    request.query = "x";
    auto found = ask({&settings, "", true}, request).response;
    CHECK(found.status == 308);
    CHECK(header(found, "Location") == "/app/?x");
  }
}

TEST_CASE_FIXTURE(fixture, "no redirect leads to another host") {
  for (auto path : {"//evil", "//evil/sub", "/\\evil", "sub", "", "/a\r\nb: c",
                    "http://evil/"}) {
    auto request = make_request("sub");
    request.path = path;
    CHECK(ask({&settings, "sub"}, request).response.status == 404);
    CHECK(ask({&settings, "", true}, request).response.status == 404);
  }
  auto request = make_request("sub");
  request.query = "\r\nSet-Cookie: x";
  CHECK(ask({&settings, "sub"}, request).response.status == 404);
}

TEST_CASE_FIXTURE(fixture, "a client that has the file gets 304") {
  auto tag = header(get("app.js"), "ETag");
  for (auto known :
       {tag, "\"x\", " + tag, tag + " , \"y\"", std::string{"*"}, "W/" + tag}) {
    auto response = get("app.js", {{"If-None-Match", known}});
    CHECK(response.status == 304);
    CHECK(response.body.empty());
    CHECK(header(response, "ETag") == tag);
    CHECK(header(response, "Cache-Control") == "no-cache");
    CHECK(header(response, "Content-Type") == "none");
  }
  CHECK(get("app.js", {{"If-None-Match", "\"x\""}}).status == 200);
  auto date = header(get("app.js"), "Last-Modified");
  CHECK(get("app.js", {{"If-Modified-Since", date}}).status == 304);
}

TEST_CASE_FIXTURE(fixture, "a file that changed has another tag") {
  auto tag = header(get("app.js"), "ETag");
  folder.write("root/app.js", "App();"); // its time changes
  CHECK(get("app.js", {{"If-None-Match", tag}}).status == 200);
  auto second = header(get("app.js"), "ETag");
  folder.write("root/app.js", "app();;"); // so does its size
  CHECK(get("app.js", {{"If-None-Match", second}}).status == 200);
  folder.write("root/new.js", "app();");
  folder.set_time("root/new.js", modified);
  fs::rename(folder / "root/new.js", folder / "root/app.js");
  CHECK(get("app.js", {{"If-None-Match", tag}}).status == 200);
}

TEST_CASE_FIXTURE(fixture, "a condition that fails is a 412") {
  auto found = get("app.js", {{"If-Match", "\"x\""}});
  CHECK(found.status == 412);
  CHECK(header(found, "Content-Type") == "application/problem+json");
  auto tag = header(get("app.js"), "ETag");
  CHECK(get("app.js", {{"If-Match", tag}}).status == 200);
  auto old = "Sun, 06 Nov 1994 08:49:36 GMT";
  CHECK(get("app.js", {{"If-Unmodified-Since", old}}).status == 412);
}

TEST_CASE_FIXTURE(fixture, "HEAD tells of the body and has none") {
  auto found = ask("app.js", {}, "HEAD");
  CHECK(found.response.status == 200);
  CHECK(found.response.body.empty());
  CHECK_FALSE(found.source);
  CHECK(found.length == 6);
  CHECK(header(found.response, "ETag") == header(get("app.js"), "ETag"));
  // RFC 9110 section 14.2: only GET has ranges.
  found = ask("app.js", {{"Range", "bytes=0-1"}}, "HEAD");
  CHECK(found.response.status == 200);
  CHECK(found.length == 6);
  auto tag = header(found.response, "ETag");
  found = ask("app.js", {{"If-None-Match", tag}}, "HEAD");
  CHECK(found.response.status == 304);
  CHECK_FALSE(found.length);
}

TEST_CASE_FIXTURE(fixture, "HEAD and 304 read nothing of a file of any size") {
  folder.write("root/huge", "");
  fs::resize_file(folder / "root/huge", 1ull << 40);
  auto found = ask("huge", {}, "HEAD");
  CHECK(found.length == 1ull << 40);
  auto tag = header(found.response, "ETag");
  found = ask("huge", {{"If-None-Match", tag}});
  CHECK(found.response.status == 304);
  CHECK_FALSE(found.source);
}

TEST_CASE_FIXTURE(fixture, "a file beyond a small one comes piece by piece") {
  for (auto size : {small_file - 1, small_file, small_file + 1}) {
    std::string bytes(size, 'x');
    bytes.back() = 'y';
    folder.write("root/data", bytes);
    auto found = ask("data");
    CHECK(found.response.status == 200);
    CHECK(static_cast<bool>(found.source) == (size > small_file));
    CHECK(found.response.body.empty() == (size > small_file));
    CHECK(read_all(found) == bytes);
  }
}

TEST_CASE_FIXTURE(fixture, "a file that cannot be read is not found") {
  if (::geteuid() == 0)
    return; // reads everything
  fs::permissions(folder / "root/app.js", fs::perms::none);
  CHECK(get("app.js").status == 404);
}

TEST_CASE_FIXTURE(fixture, "no file is touched on the loop's thread") {
  http_answer found;
  auto answered = false;
  auto call = files.get(door, {&settings, "app.js"}, make_request("app.js"),
                        [&](http_answer answer) {
                          answered = true;
                          found = std::move(answer);
                        });
  CHECK_FALSE(answered);
  home.run_until([&] { return answered; });
  CHECK(found.response.status == 200);
}

} // namespace wsrelay::static_files_test
