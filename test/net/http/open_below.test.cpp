// Opening files below a root.
#include "net/http/open_below.hpp"

#include "test/net/http/file_fixture.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace wsrelay::open_below_test {

namespace fs = std::filesystem;

namespace {

struct fixture : test::file_fixture {
  entry_kind kind(const std::string& name) {
    return root_folder{settings.root}.open(name).kind;
  }

  void link(const fs::path& to, std::string_view name) {
    fs::create_symlink(to, folder / name);
  }
};

constexpr auto missing = entry_kind::missing;
constexpr auto is_file = entry_kind::file;
constexpr auto is_folder = entry_kind::folder;

} // namespace

TEST_CASE_FIXTURE(fixture, "files and folders are told apart") {
  CHECK(kind("app.js") == is_file);
  CHECK(kind("sub/index.html") == is_file);
  CHECK(kind("sub") == is_folder);
  CHECK(kind("sub/") == is_folder);
  for (auto name : {"no", "app.js/", "app.js/x", "no/x", ""})
    CHECK(kind(name) == missing);
  CHECK(kind(std::string(5000, 'a')) == missing);
  CHECK(kind(std::string(300, 'a')) == missing);
}

TEST_CASE_FIXTURE(fixture, "an open file knows its size and its time") {
  auto found = root_folder{settings.root}.open("app.js");
  REQUIRE(found.file);
  CHECK(found.file->size == 6);
  CHECK(found.file->modified == modified);
  CHECK((::fcntl(found.file->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE_FIXTURE(fixture, "no name leads out of the root") {
  for (auto name : {"..", "../secret.txt", "sub/../../secret.txt",
                    "sub/../../root/../secret.txt", "/etc/passwd"})
    CHECK(kind(name) == missing);
  CHECK(kind((folder / "secret.txt").string()) == missing);
  fs::create_directories(folder / "root2");
  folder.write("root2/x.txt", "other");
  CHECK(kind("../root2/x.txt") == missing);
}

TEST_CASE_FIXTURE(fixture, "links are followed where they end below the root") {
  link("app.js", "root/near.js");
  link("../app.js", "root/sub/up.js");
  link(folder / "root/app.js", "root/absolute.js");
  link("sub", "root/linked");
  link(".", "root/self");
  link(folder.operator/(""), "root/outside");
  CHECK(kind("near.js") == is_file);
  CHECK(kind("sub/up.js") == is_file);
  CHECK(kind("absolute.js") == is_file);
  CHECK(kind("linked/index.html") == is_file);
  CHECK(kind("linked") == is_folder);
  CHECK(kind("self") == is_folder);
  CHECK(kind("self/self/app.js") == is_file);
  CHECK(kind("outside/root/app.js") == is_file);
  CHECK(kind("outside/root") == is_folder);
}

TEST_CASE_FIXTURE(fixture, "links are not followed out of the root") {
  link("../secret.txt", "root/relative.txt");
  link(folder / "secret.txt", "root/absolute.txt");
  link("/etc/passwd", "root/passwd");
  link("/proc/self/cwd", "root/magic");
  link(folder.operator/(""), "root/outside");
  link("absolute.txt", "root/twice.txt");
  for (auto name : {"relative.txt", "absolute.txt", "passwd", "magic",
                    "outside", "outside/secret.txt", "twice.txt"})
    CHECK(kind(name) == missing);
}

TEST_CASE_FIXTURE(fixture, "a link to nothing, or to itself, is nothing") {
  link("no-such-file", "root/dangling");
  link(folder / "root/no-such-file", "root/dangling2");
  link("loop", "root/loop");
  for (auto name : {"dangling", "dangling2", "loop", "loop/x"})
    CHECK(kind(name) == missing);
}

TEST_CASE_FIXTURE(fixture, "what is no regular file is not opened for long") {
  REQUIRE(::mkfifo((folder / "root/pipe").c_str(), 0600) == 0);
  CHECK(kind("pipe") == missing);
  auto socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_un address{AF_UNIX, {}};
  auto path = (folder / "root/socket").string();
  REQUIRE(path.size() < sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  CHECK(::bind(socket, reinterpret_cast<::sockaddr*>(&address), sizeof(address))
        == 0);
  CHECK(kind("socket") == missing);
  ::close(socket);
  link("/dev/null", "root/device");
  CHECK(kind("device") == missing);
}

TEST_CASE_FIXTURE(fixture, "a root that is a link, or no folder") {
  fs::create_directory_symlink(folder / "root", folder / "link");
  settings.root = (folder / "link").string();
  CHECK(kind("app.js") == is_file);
  CHECK(kind("../secret.txt") == missing);
  for (auto name : {"no-such-folder", "secret.txt"}) {
    settings.root = (folder / name).string();
    CHECK(kind("app.js") == missing);
    CHECK(kind("") == missing);
  }
}

TEST_CASE_FIXTURE(fixture, "without a descriptor left a file is unavailable") {
  ::rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  root_folder root{settings.root};
  ::rlimit none{0, old.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  auto with_root = root.open("app.js").kind;
  auto without = kind("app.js");
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
  CHECK(with_root == entry_kind::unavailable);
  CHECK(without == entry_kind::unavailable);
}

TEST_CASE_FIXTURE(fixture, "reading stops at the end of a file") {
  auto file = root_folder{settings.root}.open("app.js").file;
  REQUIRE(file);
  char bytes[8] = {};
  CHECK(read_fully(*file, bytes, 5, 0));
  CHECK(read_fully(*file, bytes, 6, 0));
  CHECK(std::string_view{bytes, 6} == "app();");
  CHECK_FALSE(read_fully(*file, bytes, 7, 0));
  CHECK(read_fully(*file, bytes, 0, 0));
  CHECK(read_fully(*file, bytes, 2, 4));
  CHECK_FALSE(read_fully(*file, bytes, 1, 6));
  CHECK_FALSE(read_fully(*file, bytes, 1, UINT64_MAX));
}

} // namespace wsrelay::open_below_test
