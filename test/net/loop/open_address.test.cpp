// From an address to what listens there, and whose the file is.
#include "net/loop/open_address.hpp"

#include "net/loop/local_socket.hpp"
#include "net/loop/passed_sockets.hpp"
#include "net/loop/socket_file.hpp"
#include "test/net/support.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::open_address_test {

using namespace wsrelay::test;
using sockets = std::vector<listening_socket>;

namespace {

struct stat status(const std::string& path) {
  struct stat found {};
  CHECK(::lstat(path.c_str(), &found) == 0);
  return found;
}

mode_t mode_of(const std::string& path) {
  return status(path).st_mode & 07777;
}

bool exists(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

bool connects(const std::string& path) {
  boost::system::error_code ec;
  return static_cast<bool>(connect_local(path, ec));
}

/// A folder with room for one socket.
struct fixture {
  result<sockets> open() { return open_address(settings, {{}, path, {}}); }

  /// The failure to open it, without its beginning, or "".
  std::string failure() {
    auto opened = open();
    if (opened)
      return "";
    const auto start = "cannot listen on unix:" + path + ": ";
    CHECK(opened.error().what.starts_with(start));
    return opened.error().what.substr(start.size());
  }

  temporary_folder folder;
  std::string path = (folder / "s").string();
  service_config settings;
};

/// Sets a variable of the environment for as long as this lives.
class variable {
public:
  variable(const char* name, const std::string& value) : name_{name} {
    ::setenv(name, value.c_str(), 1);
  }
  ~variable() { ::unsetenv(name_); }

  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

private:
  const char* name_;
};

std::string passed_failure(const std::string& name) {
  auto opened = open_address({}, {{}, {}, name});
  return opened ? "" : opened.error().what;
}

} // namespace

// -- TCP ----------------------------------------------------------------------

TEST_CASE("an address of TCP is one socket with its port") {
  auto opened = open_address({}, {{"127.0.0.1", 0}, {}, {}});
  REQUIRE(opened);
  REQUIRE(opened->size() == 1);
  CHECK(opened->front().port != 0);
  CHECK(opened->front().file.path() == "");
  auto client = plain_socket::connect_to(opened->front().port);
  CHECK(client.descriptor() >= 0);
}

TEST_CASE("a port in use is a failure that names it") {
  plain_listener taken;
  auto opened = open_address({}, {{"127.0.0.1", taken.port()}, {}, {}});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().what.find("127.0.0.1:" + std::to_string(taken.port()))
        != std::string::npos);
}

// -- unix sockets -------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "an address of unix is a file with a socket that "
                           "listens") {
  auto opened = open();
  REQUIRE(opened);
  REQUIRE(opened->size() == 1);
  auto& one = opened->front();
  CHECK(one.port == 0);
  CHECK(one.file.path() == path);
  CHECK(S_ISSOCK(status(path).st_mode));
  CHECK((::fcntl(one.socket.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(one.socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(connects(path));
}

TEST_CASE_FIXTURE(fixture, "the file has the service's mode, whatever the "
                           "umask") {
  for (mode_t umask : {022, 0777, 0}) {
    auto before = ::umask(umask);
    for (unsigned mode : {0660u, 0600u, 0777u, 0u}) {
      settings.socket_mode = mode;
      auto opened = open();
      REQUIRE(opened);
      CHECK(mode_of(path) == mode);
    }
    ::umask(before);
  }
}

TEST_CASE_FIXTURE(fixture, "the file has the owner that the service says"
                               * doctest::skip(::geteuid() != 0)) {
  auto owner = [this](std::string text) {
    settings.socket_owner = std::move(text);
    auto opened = open();
    REQUIRE(opened);
    CHECK(mode_of(path) == 0660);
    auto found = status(path);
    return std::to_string(found.st_uid) + " " + std::to_string(found.st_gid);
  };
  CHECK(owner("") == "0 0");
  CHECK(owner("nobody") == "65534 0");
  CHECK(owner("nobody:") == "65534 0");
  CHECK(owner("nobody:nogroup") == "65534 65534");
  CHECK(owner(":nogroup") == "0 65534");
  CHECK(owner("root:root") == "0 0");
}

TEST_CASE_FIXTURE(fixture, "an owner that is not known is a failure, and no "
                           "file comes of it") {
  settings.socket_owner = "no-such-user";
  CHECK(failure() == "socket_owner: there is no user no-such-user");
  settings.socket_owner = ":no-such-group";
  CHECK(failure() == "socket_owner: there is no group no-such-group");
  settings.socket_owner = "root:no-such-group";
  CHECK(failure() == "socket_owner: there is no group no-such-group");
  CHECK_FALSE(exists(path));
}

TEST_CASE_FIXTURE(fixture, "an owner that cannot be given is a failure, and "
                           "no file is left"
                               * doctest::skip(::geteuid() == 0)) {
  settings.socket_owner = "root";
  CHECK(failure() == "Operation not permitted");
  CHECK_FALSE(exists(path));
}

TEST_CASE_FIXTURE(fixture, "a socket that nobody listens on is replaced") {
  boost::system::error_code ec;
  auto old = listen_local(path, 0600, ec);
  REQUIRE(old);
  old.reset();
  REQUIRE(exists(path));
  REQUIRE_FALSE(connects(path));
  auto opened = open();
  REQUIRE(opened);
  CHECK(connects(path));
  CHECK(mode_of(path) == 0660);
}

TEST_CASE_FIXTURE(fixture, "a socket that somebody listens on is left") {
  auto first = open();
  REQUIRE(first);
  CHECK(failure() == "somebody else listens there");
  CHECK(connects(path));
  CHECK(mode_of(path) == 0660);
}

TEST_CASE_FIXTURE(fixture, "a socket whose backlog is full is left, too") {
  boost::system::error_code ec;
  auto first = listen_local(path, 0600, ec);
  REQUIRE(first);
  ::listen(first.get(), 0);
  std::vector<unique_fd> clients;
  while (auto client = connect_local(path, ec))
    clients.push_back(std::move(client));
  CHECK(failure() == "somebody else listens there");
  CHECK(exists(path));
}

TEST_CASE_FIXTURE(fixture, "what is no socket is left") {
  const std::string other = "something else than a socket is there";
  SUBCASE("a file") {
    folder.write("s", "precious");
    CHECK(failure() == other);
    CHECK(status(path).st_size == 8);
  }
  SUBCASE("a folder") {
    ::mkdir(path.c_str(), 0700);
    CHECK(failure() == other);
    CHECK(S_ISDIR(status(path).st_mode));
  }
  SUBCASE("a link, wherever it leads") {
    REQUIRE(::symlink("elsewhere", path.c_str()) == 0);
    CHECK(failure() == other);
    CHECK(S_ISLNK(status(path).st_mode));
  }
}

TEST_CASE_FIXTURE(fixture, "a folder that is not there is a failure") {
  path = (folder / "none/s").string();
  CHECK(failure() == "No such file or directory");
  folder.write("file", "");
  path = (folder / "file/s").string();
  CHECK(failure() == "Not a directory");
}

TEST_CASE_FIXTURE(fixture, "a path is as long as the kernel takes it") {
  auto sized = [this](std::size_t size) {
    path = (folder / "").string();
    path.append(size - path.size(), 'p');
    return path;
  };
  sized(106);
  CHECK(failure() == "");
  sized(107);
  CHECK(failure() == "");
  sized(108);
  CHECK(failure() == "File name too long");
}

// -- the file -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "the file is removed with the socket") {
  {
    auto opened = open();
    REQUIRE(opened);
    auto moved = std::move(opened->front());
    opened->clear();
    CHECK(exists(path));
    CHECK(connects(path));
  }
  CHECK_FALSE(exists(path));
}

TEST_CASE_FIXTURE(fixture, "the file stays when another one took its place") {
  {
    auto first = open();
    REQUIRE(first);
    REQUIRE(::unlink(path.c_str()) == 0);
    folder.write("s", "another");
  }
  CHECK(status(path).st_size == 7);
}

TEST_CASE_FIXTURE(fixture, "the file of a second socket outlives the first") {
  auto first = open();
  REQUIRE(first);
  REQUIRE(::unlink(path.c_str()) == 0);
  auto second = open();
  REQUIRE(second);
  first->clear();
  CHECK(connects(path));
  second->clear();
  CHECK_FALSE(exists(path));
}

TEST_CASE_FIXTURE(fixture, "a file that is gone already is no failure") {
  auto opened = open();
  REQUIRE(opened);
  REQUIRE(::unlink(path.c_str()) == 0);
  opened->clear();
  CHECK_FALSE(exists(path));
}

TEST_CASE_FIXTURE(fixture, "a file is removed by its last owner, once") {
  folder.write("a", "");
  folder.write("b", "");
  auto a = (folder / "a").string(), b = (folder / "b").string();
  {
    socket_file one{a}, other{b};
    socket_file taken{std::move(one)};
    CHECK(one.path() == "");
    CHECK(taken.path() == a);
    taken = std::move(other);
    CHECK(taken.path() == b);
    CHECK(exists(a));
    CHECK(exists(b));
    socket_file none;
    CHECK(none.path() == "");
    CHECK(socket_file{(folder / "c").string()}.path() == "");
  }
  CHECK_FALSE(exists(a));
  CHECK_FALSE(exists(b));
}

TEST_CASE_FIXTURE(fixture, "room is made of what the user left, and of nobody "
                           "else's") {
  auto is_free = [this](std::optional<uid_t> of) {
    auto free = make_room(path, of);
    return free ? (*free ? "free" : "taken") : free.error().what;
  };
  CHECK(is_free({}) == "free");
  boost::system::error_code ec;
  auto old = listen_local(path, 0600, ec);
  REQUIRE(old);
  CHECK(is_free(::geteuid()) == "taken");
  CHECK(is_free({}) == "taken");
  old.reset();
  CHECK(is_free(::geteuid() + 1) == path + ": it belongs to somebody else");
  CHECK(exists(path));
  CHECK(is_free(::geteuid()) == "free");
  CHECK_FALSE(exists(path));
}

// -- systemd ------------------------------------------------------------------

TEST_CASE("without systemd there is no socket of a name") {
  CHECK(passed_failure("web")
        == "cannot listen on systemd:web: systemd has passed no socket");
}

TEST_CASE("sockets that were passed to another process do not count") {
  variable pid{"LISTEN_PID", std::to_string(::getppid())};
  variable count{"LISTEN_FDS", "1"};
  variable names{"LISTEN_FDNAMES", "web"};
  CHECK(passed_failure("web")
        == "cannot listen on systemd:web: systemd has passed no socket");
}

TEST_CASE("what systemd would not write is a failure") {
  variable pid{"LISTEN_PID", std::to_string(::getpid())};
  const std::string start = "cannot listen on systemd:web: ";
  for (std::string value : {"x", "-1", "0", "99999999999999999999"}) {
    CAPTURE(value);
    variable count{"LISTEN_FDS", value};
    auto found = passed_failure("web");
    CHECK(found.starts_with(start));
    CHECK(found.size() > start.size());
  }
}

} // namespace wsrelay::open_address_test
