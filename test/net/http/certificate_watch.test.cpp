// Which changes of files are noticed.
#include "net/http/certificate_watch.hpp"

#include "test/net/support.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>

namespace wsrelay::certificate_watch_test {

using namespace wsrelay::test;
namespace fs = std::filesystem;

namespace {

struct fixture {
  fixture() {
    folder.write("a.pem", "certificate");
    folder.write("a.key", "key");
  }

  bool is_told(int count) {
    return holds_soon([&] { return calls >= count; });
  }

  void start(std::vector<std::string> files) {
    watch.emplace(std::move(files), [this] { ++calls; });
  }

  temporary_folder folder;
  std::atomic<int> calls{0};
  std::optional<certificate_watch> watch;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a file that is written, replaced or linked anew is "
                           "a change") {
  std::string file = folder / "a.pem";
  SUBCASE("written in place") {
    start({file});
    folder.write("a.pem", "another one");
  }
  SUBCASE("replaced") {
    start({file});
    folder.write("new", "another one");
    fs::rename(folder / "new", file);
  }
  SUBCASE("removed") {
    start({file});
    fs::remove(file);
  }
  SUBCASE("a link that leads elsewhere") {
    folder.write("b.pem", "another one");
    fs::create_symlink("a.pem", folder / "link");
    start({folder / "link"});
    fs::create_symlink("b.pem", folder / "next");
    fs::rename(folder / "next", folder / "link");
  }
  SUBCASE("a link in between, as Kubernetes has them") {
    for (std::string name : {"1", "2"}) {
      fs::create_directory(folder / name);
      folder.write(name + "/a.pem", name);
    }
    fs::create_symlink("1", folder / "data");
    fs::create_symlink("data/a.pem", folder / "link");
    start({folder / "link"});
    fs::create_symlink("2", folder / "next");
    fs::rename(folder / "next", folder / "data");
  }
  SUBCASE("a link of folders on the way") {
    for (std::string name : {"v1", "v2"}) {
      fs::create_directory(folder / name);
      folder.write(name + "/a.pem", name);
    }
    fs::create_directory(folder / "live");
    fs::create_symlink("../v1", folder / "live/current");
    fs::create_symlink((folder / "live/current/a.pem").string(),
                       folder / "outside");
    start({folder / "outside"});
    fs::create_symlink("../v2", folder / "next");
    fs::rename(folder / "next", folder / "live/current");
  }
  SUBCASE("a folder that is moved away, and comes later") {
    fs::create_directory(folder / "certs");
    folder.write("certs/a.pem", "1");
    start({folder / "certs/a.pem"});
    fs::rename(folder / "certs", folder / "old");
    REQUIRE(is_told(1));
    calls = 0;
    fs::create_directory(folder / "certs");
    folder.write("certs/a.pem", "2");
  }
  SUBCASE("what a link leads to") {
    fs::create_directory(folder / "live");
    fs::create_symlink("../a.pem", folder / "live/a.pem");
    start({folder / "live/a.pem"});
    folder.write("a.pem", "another one");
  }
  CHECK(is_told(1));
}

TEST_CASE_FIXTURE(fixture, "other files are no change, and a call can be asked "
                           "for") {
  start({folder / "a.pem", folder / "a.key"});
  folder.write("other", "x");
  watch->call_now();
  CHECK(is_told(1));
  watch.reset();
  CHECK(calls == 1);
}

TEST_CASE_FIXTURE(fixture, "each of the files counts, again and again") {
  start({folder / "a.pem", folder / "a.key"});
  for (auto* name : {"a.key", "a.pem", "a.key"}) {
    int before = calls;
    folder.write(name, "another one " + std::to_string(before));
    CHECK(is_told(before + 1));
  }
}

TEST_CASE_FIXTURE(fixture, "files that are not there yet may come") {
  start({folder / "late.pem"});
  folder.write("late.pem", "certificate");
  CHECK(is_told(1));
}

TEST_CASE_FIXTURE(fixture, "it ends while nothing happens") {
  start({"/nowhere/at/all"});
  watch.reset();
  CHECK(calls == 0);
}

} // namespace wsrelay::certificate_watch_test
