// Static files when the pool is full, or stops, or what is asked for is ranges.
#include "net/http/disk_file.hpp"
#include "test/net/http/file_fixture.hpp"

#include <fmt/format.h>

#include <future>
#include <thread>

namespace wsrelay::static_files_pool_test {

namespace fs = std::filesystem;

namespace {

// One thread, which is held, and one place.
struct held_fixture : test::file_fixture {
  held_fixture() {
    REQUIRE(small->run([this](bool) {
      begun.set_value();
      go.get_future().wait();
    }));
    begun.get_future().wait();
  }

  void ask_later(std::vector<int>& statuses) {
    calls.push_back(held.get(door, {&settings, "app.js"},
                             make_request("app.js"),
                             [&statuses](http_answer answer) {
                               statuses.push_back(answer.response.status);
                             }));
  }

  std::promise<void> begun;
  std::promise<void> go;
  std::shared_ptr<file_pool> small = std::make_shared<file_pool>(1, 1);
  static_files held{small};
  std::vector<std::shared_ptr<static_files::call>> calls;
};

using fixture = test::file_fixture;

} // namespace

TEST_CASE_FIXTURE(held_fixture, "a request that finds no place is a 503") {
  std::vector<int> statuses;
  ask_later(statuses);
  CHECK(statuses.empty());
  ask_later(statuses);
  CHECK(statuses == std::vector{503});
  go.set_value();
  home.run_until([&] { return statuses.size() == 2; });
  CHECK(statuses == std::vector{503, 200});
}

TEST_CASE_FIXTURE(held_fixture, "who leaves gives its place to the next") {
  std::vector<int> left;
  std::vector<int> statuses;
  for (int i = 0; i < 3; ++i) {
    ask_later(left);
    REQUIRE(calls.back());
    calls.clear();
  }
  ask_later(statuses);
  go.set_value();
  home.run_until([&] { return !statuses.empty(); });
  CHECK(statuses == std::vector{200});
  CHECK(left.empty());
  CHECK(home.post_count() == 1); // nothing was read for the others
}

TEST_CASE_FIXTURE(held_fixture, "who leaves while it is read is not told") {
  std::vector<int> left;
  go.set_value();
  ask_later(left);
  home.wait_for_post();
  calls.clear();
  home.run_ready();
  CHECK(left.empty());
}

TEST_CASE_FIXTURE(held_fixture, "nobody is told once the loop is gone") {
  std::vector<int> left;
  ask_later(left);
  door->close();
  go.set_value();
  small->stop(file_pool::time_point::max());
  CHECK(home.post_count() == 0);
}

TEST_CASE_FIXTURE(held_fixture, "files of the program need no pool") {
  settings.root = "builtin:demo";
  auto status = 0;
  auto call =
      held.get(door, {&settings, ""}, make_request(""),
               [&](http_answer answer) { status = answer.response.status; });
  CHECK_FALSE(call);
  CHECK(status == 200);
  go.set_value();
}

TEST_CASE_FIXTURE(held_fixture, "who waits when the pool stops gets 503") {
  std::vector<int> statuses;
  // Whom it calls is destroyed on the loop, too.
  auto token = std::make_shared<int>();
  auto call = held.get(door, {&settings, "app.js"}, make_request("app.js"),
                       [&, token](http_answer answer) {
                         statuses.push_back(answer.response.status);
                       });
  // The job that runs is let go only once the stop has taken the others.
  std::thread helper{[&] {
    while (small->run([](bool) {}))
      std::this_thread::yield();
    go.set_value();
  }};
  small->stop(file_pool::time_point::max());
  helper.join();
  CHECK(token.use_count() == 2);
  home.run_ready();
  CHECK(statuses == std::vector{503});
  call.reset();
  CHECK(token.use_count() == 1);
  ask_later(statuses);
  CHECK(statuses == std::vector{503, 503});
  CHECK(home.waiting() == 0);
}

TEST_CASE_FIXTURE(fixture, "a range is a part of the file") {
  folder.write("root/digits", "0123456789");
  auto found = get("digits", {{"Range", "bytes=2-4"}});
  CHECK(found.status == 206);
  CHECK(found.body.view() == "234");
  CHECK(header(found, "Content-Range") == "bytes 2-4/10");
  CHECK(header(found, "ETag") == header(get("digits"), "ETag"));
  CHECK(get("digits", {{"Range", "bytes=-3"}}).body.view() == "789");
  CHECK(get("digits", {{"Range", "bytes=8-"}}).body.view() == "89");
  CHECK(get("digits", {{"Range", "bytes=0-"}}).status == 206);
}

TEST_CASE_FIXTURE(fixture, "a range that is not there is a 416") {
  folder.write("root/digits", "0123456789");
  auto found = get("digits", {{"Range", "bytes=10-"}});
  CHECK(found.status == 416);
  CHECK(header(found, "Content-Range") == "bytes */10");
  CHECK(get("empty.css", {{"Range", "bytes=0-"}}).status == 416);
  CHECK(get("empty.css", {{"Range", "bytes=-5"}}).status == 200);
}

TEST_CASE_FIXTURE(fixture, "ranges that are many or malformed are the whole") {
  folder.write("root/digits", "0123456789");
  for (auto value : {"bytes=0-1,4-5", "bytes=x", "lines=1-2", "bytes=5-4"}) {
    auto found = get("digits", {{"Range", value}});
    CHECK(found.status == 200);
    CHECK(found.body.view() == "0123456789");
    CHECK(header(found, "Content-Range") == "none");
  }
  CHECK(get("digits", {{"Range", "bytes=0-1"}, {"Range", "bytes=4-5"}}).status
        == 200);
}

TEST_CASE_FIXTURE(fixture, "a range of another state is the whole") {
  auto whole = get("app.js");
  auto with = [&](const std::string& state) {
    return get("app.js", {{"Range", "bytes=0-1"}, {"If-Range", state}}).status;
  };
  CHECK(with(header(whole, "ETag")) == 206);
  CHECK(with(header(whole, "Last-Modified")) == 206);
  CHECK(with("\"other\"") == 200);
  CHECK(with("W/" + header(whole, "ETag")) == 200);
  CHECK(with("Sun, 06 Nov 1994 08:49:38 GMT") == 200);
  auto tag = header(whole, "ETag");
  CHECK(get("app.js", {{"Range", "bytes=0-1"}, {"If-None-Match", tag}}).status
        == 304);
  CHECK(get("app.js", {{"Range", "bytes=99-"}, {"If-None-Match", tag}}).status
        == 304);
}

TEST_CASE_FIXTURE(fixture, "a range beyond four gigabytes is served") {
  folder.write("root/huge", "");
  constexpr std::uint64_t size = 5ull << 30;
  fs::resize_file(folder / "root/huge", size - 4);
  std::ofstream{folder / "root/huge", std::ios::app | std::ios::binary}
      << "tail";
  auto found = ask("huge", {{"Range", "bytes=-6"}});
  CHECK(found.response.status == 206);
  CHECK(found.response.body.view() == std::string_view{"\0\0tail", 6});
  CHECK(header(found.response, "Content-Range")
        == fmt::format("bytes {}-{}/{}", size - 6, size - 1, size));
  found = ask("huge", {{"Range", "bytes=4294967295-4295967295"}});
  CHECK(found.response.status == 206);
  REQUIRE(found.source);
  CHECK(found.source->size() == 1000001);
  CHECK(read_all(found) == std::string(1000001, '\0'));
  found = ask("huge");
  REQUIRE(found.source);
  CHECK(found.source->size() == size);
}

TEST_CASE_FIXTURE(fixture, "the demo page is built in") {
  settings.root = "builtin:demo";
  auto page = get("");
  CHECK(page.status == 200);
  CHECK(page.body.view().find("<html") != std::string_view::npos);
  CHECK(header(page, "Content-Type") == "text/html; charset=utf-8");
  CHECK(header(page, "Last-Modified") == "none");
  CHECK(get("demo.js").status == 200);
  CHECK(get("wsrelay.js").status == 200); // what demo.js imports
  CHECK(get("../main.cpp").status == 404);
  CHECK(get("demo.css/").status == 404);
  settings.root = "builtin:no";
  CHECK(get("").status == 404);
}

TEST_CASE_FIXTURE(fixture, "files of the program have conditions and ranges") {
  settings.root = "builtin:demo";
  auto page = get("");
  auto tag = header(page, "ETag");
  CHECK(tag != header(get("demo.js"), "ETag"));
  CHECK(get("", {{"If-None-Match", tag}}).status == 304);
  CHECK(get("", {{"If-Match", "\"x\""}}).status == 412);
  auto part = get("", {{"Range", "bytes=2-8"}});
  CHECK(part.status == 206);
  CHECK(part.body.view() == page.body.view().substr(2, 7));
  CHECK(get("", {{"Range", "bytes=9999999-"}}).status == 416);
  auto head = ask("", {}, "HEAD");
  CHECK(head.length == page.body.size());
  CHECK(head.response.body.empty());
  CHECK(head.response.headers == page.headers);
}

TEST_CASE_FIXTURE(fixture, "the demo page's bytes are shared by all answers") {
  settings.root = "builtin:demo";
  CHECK(get("").body.data() == get("").body.data());
}

} // namespace wsrelay::static_files_pool_test
