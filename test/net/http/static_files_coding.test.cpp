// Static files that were compressed beforehand.
#include "test/net/http/file_fixture.hpp"

namespace wsrelay::static_files_coding_test {

namespace fs = std::filesystem;

namespace {

struct fixture : test::file_fixture {
  fixture() {
    write("app.js.br", "brotli!");
    write("app.js.gz", "gzip");
  }

  void write(const std::string& name, std::string_view text) {
    folder.write("root/" + name, text);
    folder.set_time("root/" + name, modified);
  }

  http_response accepting(const std::string& accepted, http_fields more = {}) {
    more.emplace_back("Accept-Encoding", accepted);
    return get("app.js", std::move(more));
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a client that takes a coding gets it") {
  auto found = accepting("gzip, deflate, br");
  CHECK(found.body.view() == "brotli!");
  CHECK(header(found, "Content-Encoding") == "br");
  CHECK(header(found, "Content-Type") == "text/javascript; charset=utf-8");
  CHECK(header(found, "Vary") == "Accept-Encoding");
  found = accepting("gzip");
  CHECK(found.body.view() == "gzip");
  CHECK(header(found, "Content-Encoding") == "gzip");
}

TEST_CASE_FIXTURE(fixture, "weights decide, then br goes before gzip") {
  auto coding = [&](const std::string& accepted) {
    return header(accepting(accepted), "Content-Encoding");
  };
  CHECK(coding("gzip;q=1, br;q=0.9") == "gzip");
  CHECK(coding("gzip;q=0.5, br;q=0.5") == "br");
  CHECK(coding("br;q=0, *") == "gzip");
  CHECK(coding("*") == "br");
  CHECK(coding("br;q=0, gzip;q=0") == "none");
  CHECK(coding("identity, gzip;q=0.5") == "none");
  CHECK(coding("identity;q=0.5, gzip;q=0.5") == "gzip");
  CHECK(coding("identity;q=0.5, gzip;q=0.4, br;q=0.6") == "br");
  CHECK(coding("identity;q=0") == "none");
  CHECK(coding("deflate") == "none");
}

TEST_CASE_FIXTURE(fixture, "an answer without a coding says that it varies") {
  auto found = get("app.js");
  CHECK(found.body.view() == "app();");
  CHECK(header(found, "Content-Encoding") == "none");
  CHECK(header(found, "Vary") == "Accept-Encoding");
  fs::remove(folder / "root/app.js.br");
  CHECK(header(get("app.js"), "Vary") == "Accept-Encoding");
  CHECK(header(accepting("br, gzip;q=0.1"), "Content-Encoding") == "gzip");
  fs::remove(folder / "root/app.js.gz");
  CHECK(header(get("app.js"), "Vary") == "none");
  CHECK(accepting("br, gzip").body.view() == "app();");
}

TEST_CASE_FIXTURE(fixture, "each form has a tag of its own") {
  auto plain = header(get("app.js"), "ETag");
  auto br = header(accepting("br"), "ETag");
  auto gzip = header(accepting("gzip"), "ETag");
  CHECK(plain != br);
  CHECK(plain != gzip);
  CHECK(br != gzip);
  CHECK(accepting("br", {{"If-None-Match", plain}}).status == 200);
  auto known = accepting("br", {{"If-None-Match", br}});
  CHECK(known.status == 304);
  CHECK(header(known, "Vary") == "Accept-Encoding");
  CHECK(header(known, "ETag") == br);
  auto failed = accepting("br", {{"If-Match", plain}});
  CHECK(failed.status == 412);
  CHECK(header(failed, "Vary") == "Accept-Encoding");
  // Also when they are one file on the disk.
  fs::remove(folder / "root/app.js.gz");
  fs::create_hard_link(folder / "root/app.js.br", folder / "root/app.js.gz");
  CHECK(header(accepting("gzip"), "ETag") != header(accepting("br"), "ETag"));
}

TEST_CASE_FIXTURE(fixture, "ranges and lengths are those of the form") {
  auto found = accepting("br", {{"Range", "bytes=2-3"}});
  CHECK(found.status == 206);
  CHECK(found.body.view() == "ot");
  CHECK(header(found, "Content-Range") == "bytes 2-3/7");
  CHECK(header(found, "Content-Encoding") == "br");
  auto none = accepting("gzip", {{"Range", "bytes=4-"}});
  CHECK(none.status == 416);
  CHECK(header(none, "Content-Range") == "bytes */4");
  CHECK(header(none, "Vary") == "Accept-Encoding");
  CHECK(ask("app.js", {{"Accept-Encoding", "br"}}, "HEAD").length == 7);
}

TEST_CASE_FIXTURE(fixture, "what is older than the file is not its form") {
  folder.set_time("root/app.js.br", modified - 1);
  auto found = accepting("br, gzip");
  CHECK(header(found, "Content-Encoding") == "gzip");
  folder.set_time("root/app.js.br", modified + 1);
  CHECK(header(accepting("br, gzip"), "Content-Encoding") == "br");
}

TEST_CASE_FIXTURE(fixture, "within a second microseconds decide, where both "
                           "have some") {
  constexpr std::int64_t now = 500'000'000;
  auto is_form = [&](std::int64_t file, std::int64_t form) {
    folder.set_time("root/app.js", modified, file);
    folder.set_time("root/app.js.br", modified, form);
    return header(accepting("br"), "Content-Encoding") == "br";
  };
  CHECK(is_form(now, now));
  CHECK(is_form(now, now + 1000));
  CHECK_FALSE(is_form(now, now - 1000));
  CHECK(is_form(now, 0)); // its tool knows seconds
  CHECK(is_form(0, 1));
  CHECK(is_form(now + 999, now)); // and this one microseconds
}

TEST_CASE_FIXTURE(fixture, "a compressed file needs the file itself") {
  fs::remove(folder / "root/app.js");
  CHECK(accepting("br").status == 404);
  fs::create_directory(folder / "root/app.js");
  CHECK(accepting("br").status == 308);
}

TEST_CASE_FIXTURE(fixture, "what is no file below the root is no form") {
  fs::remove(folder / "root/app.js.br");
  fs::create_directory(folder / "root/app.js.br");
  fs::remove(folder / "root/app.js.gz");
  fs::create_symlink("../secret.txt", folder / "root/app.js.gz");
  auto found = accepting("br, gzip");
  CHECK(found.body.view() == "app();");
  CHECK(header(found, "Vary") == "none");
}

TEST_CASE_FIXTURE(fixture, "an index has forms, too") {
  write("index.html.gz", "zipped");
  folder.set_time("root/index.html", modified);
  auto found = get("", {{"Accept-Encoding", "gzip"}});
  CHECK(found.body.view() == "zipped");
  CHECK(header(found, "Content-Type") == "text/html; charset=utf-8");
}

TEST_CASE_FIXTURE(fixture, "a compressed file that is asked for is itself") {
  auto found = get("app.js.gz", {{"Accept-Encoding", "gzip"}});
  CHECK(found.body.view() == "gzip");
  CHECK(header(found, "Content-Encoding") == "none");
  CHECK(header(found, "Content-Type") == "application/gzip");
}

} // namespace wsrelay::static_files_coding_test
