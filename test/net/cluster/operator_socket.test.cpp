// Sockets of operators: where they lie, and who keeps which.
#include "net/cluster/operator_socket.hpp"

#include "net/cluster/connector.hpp"
#include "net/loop/local_socket.hpp"
#include "net/node.hpp"
#include "test/support/temporary_folder.hpp"

#include <caf/all.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace wsrelay::operator_socket_test {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct fixture {
  test::temporary_folder root;
  std::string folder = root / "wsrelay";

  operator_socket opened(std::string_view node = "a") {
    auto result = open_operator_socket(folder, node);
    if (!result)
      FAIL(result.error().what);
    return std::move(*result);
  }

  std::string refused() {
    auto result = open_operator_socket(folder, "a");
    return result ? "" : result.error().what;
  }
};

unsigned mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

bool is_answered(const std::string& path) {
  boost::system::error_code ec;
  connect_local(path, ec);
  return !ec;
}

// As kill -9 leaves it: there, and nobody listens.
void leave(operator_socket left) {
  auto file = left.file.path();
  fs::rename(file, file + "~");
  left = {};
  fs::rename(file + "~", file);
}

// The id of the actor that another process gets to know there, or 0.
caf::actor_id connected(const std::string& path) {
  system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  auto connector = spawn_node_connector(system, nullptr, 1 << 20);
  caf::actor_id result = 0;
  self->request(connector, 10s, caf::connect_atom_v, path, std::uint16_t{0})
      .receive([&](caf::node_id&, caf::strong_actor_ptr& found,
                   std::set<std::string>&) { result = found->id(); },
               [](caf::error&) {});
  self->send_exit(connector, caf::exit_reason::user_shutdown);
  return result;
}

} // namespace

TEST_CASE("the folder is the user's own, or that of services") {
  CHECK(operator_folder("/run/user/7") == "/run/user/7/wsrelay");
  CHECK(operator_folder("/run/user/7//") == "/run/user/7/wsrelay");
  CHECK(operator_folder("/") == "/wsrelay");
  // The specification of XDG_RUNTIME_DIR: relative paths are ignored.
  for (auto* unset : {static_cast<const char*>(nullptr), "", "run", "./run"})
    CHECK(operator_folder(unset) == "/run/wsrelay");
}

TEST_CASE("a socket has its node's name, without what would surprise") {
  CHECK(operator_socket_name("relay1", 1) == "relay1.sock");
  CHECK(operator_socket_name("relay1", 2) == "relay1-2.sock");
  CHECK(operator_socket_name("a.b-c_D", 1) == "a.b-c_D.sock");
  CHECK(operator_socket_name("../x y\n\xc3\xbc", 1) == "_.._x_y___.sock");
  CHECK(operator_socket_name("", 1) == "_.sock");
  CHECK(operator_socket_name(".", 3) == "_.-3.sock");
  CHECK(operator_socket_name(std::string(65, 'x'), 1)
        == std::string(64, 'x') + ".sock");
}

TEST_CASE_FIXTURE(fixture, "folder and socket are for their owner alone") {
  auto old = ::umask(0);
  auto made = opened();
  ::umask(old);
  CHECK(made.file.path() == folder + "/a.sock");
  CHECK(mode_of(folder) == 0700);
  CHECK(mode_of(made.file.path()) == 0600);
  CHECK(is_answered(made.file.path()));
}

TEST_CASE_FIXTURE(fixture, "a node that lives keeps its socket, one that was "
                           "killed does not") {
  auto first = opened();
  auto second = opened();
  CHECK(second.file.path() == folder + "/a-2.sock");
  CHECK(opened("b").file.path() == folder + "/b.sock");
  leave(std::move(first));
  CHECK(fs::exists(folder + "/a.sock"));
  CHECK_FALSE(is_answered(folder + "/a.sock"));
  auto third = opened();
  CHECK(third.file.path() == folder + "/a.sock");
  CHECK(is_answered(third.file.path()));
  CHECK(is_answered(second.file.path()));
}

TEST_CASE_FIXTURE(fixture, "a socket goes with its node, another one's stays") {
  auto path = opened().file.path();
  CHECK_FALSE(fs::exists(path));
  {
    auto first = opened();
    fs::rename(first.file.path(), folder + "/moved");
    std::ofstream{first.file.path()} << "another";
  }
  CHECK(fs::exists(path));
}

TEST_CASE_FIXTURE(fixture, "there may be 64 nodes of a name") {
  std::vector<operator_socket> all;
  for (int i = 0; i < 64; ++i)
    all.push_back(opened());
  CHECK(refused() == folder + "/a-64.sock: another node listens there");
  all.erase(all.begin() + 10);
  CHECK(opened().file.path() == folder + "/a-11.sock");
}

TEST_CASE_FIXTURE(fixture, "what is no socket of ours stays as it is") {
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms{0770});
  CHECK(refused() == folder + ": others may write there");
  fs::permissions(folder, fs::perms{0755});
  std::ofstream{folder + "/a.sock"} << "precious";
  CHECK(refused() == folder + "/a.sock: something else than a socket is there");
  CHECK(fs::file_size(folder + "/a.sock") == 8);
  fs::remove_all(folder);
  fs::create_directory(root / "other");
  fs::create_directory_symlink(root / "other", folder);
  CHECK(refused() != "");
  CHECK(fs::is_empty(root / "other"));
  fs::remove(folder);
  std::ofstream{folder} << "";
  CHECK(refused() == folder + ": Not a directory");
  folder = root / "none" / "wsrelay";
  CHECK(refused() == folder + ": No such file or directory");
}

// Anybody may lock what anybody may open: not the folder, then.
TEST_CASE_FIXTURE(fixture, "a folder that somebody else has locked is used") {
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms{0755});
  unique_fd held{::open(folder.c_str(), O_RDONLY | O_CLOEXEC)};
  REQUIRE(::flock(held.get(), LOCK_EX) == 0);
  CHECK(opened().file.path() == folder + "/a.sock");
}

TEST_CASE_FIXTURE(fixture, "a lock is a node's own, and gone when it listens") {
  auto lock = fmt::format("{}/.wsrelay-{}.lock", folder, ::geteuid());
  auto node = opened();
  CHECK_FALSE(fs::exists(lock));
  unique_fd held{::open(lock.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
  REQUIRE(::flock(held.get(), LOCK_EX) == 0);
  CHECK(refused() == lock + ": another node holds it (flock)");
  held.reset(); // as a process does that is killed
  CHECK(opened("b").file.path() == folder + "/b.sock");
  CHECK_FALSE(fs::exists(lock));
}

TEST_CASE_FIXTURE(fixture, "what lies in the place of a lock stays as it is") {
  auto lock = fmt::format("{}/.wsrelay-{}.lock", folder, ::geteuid());
  opened();
  fs::create_symlink(root / "elsewhere", lock);
  CHECK(refused().starts_with(lock + ": "));
  CHECK_FALSE(fs::exists(root / "elsewhere"));
  fs::remove(lock);
  std::ofstream{lock} << "precious";
  fs::permissions(lock, fs::perms{0644});
  CHECK(refused() == lock + ": others may open it");
  fs::permissions(lock, fs::perms{0600});
  fs::create_hard_link(lock, root / "second");
  CHECK(refused() == lock + ": something else than a lock is there");
  CHECK(fs::file_size(lock) == 8);
  fs::remove(lock);
  if (::geteuid() != 0)
    return; // only root can give files away
  std::ofstream{lock} << "";
  fs::permissions(lock, fs::perms{0600});
  REQUIRE(::chown(lock.c_str(), 65534, 65534) == 0);
  CHECK(refused() == lock + ": it belongs to somebody else");
}

TEST_CASE_FIXTURE(fixture, "a path that was chosen is taken or not at all") {
  std::string path = root / "own" / "x";
  {
    auto first = open_operator_socket(path);
    REQUIRE(first);
    CHECK(first->file.path() == path);
    auto second = open_operator_socket(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().what == path + ": another node listens there");
    leave(std::move(*first));
  }
  CHECK(open_operator_socket(path));
  CHECK_FALSE(open_operator_socket(root / ""));
  CHECK_FALSE(open_operator_socket(root / std::string(108, 'x')));
  // A way through links is meant.
  fs::create_directory_symlink(root / "own", root / "link");
  CHECK(open_operator_socket(root / "link" / "x"));
  // As /tmp is.
  fs::permissions(root / "own", fs::perms{01777});
  CHECK(open_operator_socket(path));
}

TEST_CASE_FIXTURE(fixture, "a node without a cluster lets its operator in") {
  std::string path = root / "x";
  relay_config settings;
  system_config config{settings};
  caf::actor_system system{config};
  node relay{system, settings};
  for (int i = 0; i < 2; ++i) { // it may be started again
    REQUIRE(relay.start());
    CHECK(*relay.listen_for_operator(path) == path);
    CHECK(*relay.listen_for_operator(path) == path);
    CHECK(relay.cluster_port() == 0);
    CHECK(connected(path) == relay.directory().id());
    relay.stop();
    CHECK_FALSE(fs::exists(path));
    CHECK(connected(path) == 0);
  }
}

TEST_CASE_FIXTURE(fixture, "an operator wants a system that was prepared") {
  system_config config;
  caf::actor_system system{config};
  node relay{system, {}};
  REQUIRE(relay.start());
  CHECK_FALSE(relay.listen_for_operator(root / "x"));
  CHECK_FALSE(fs::exists(root / "x"));
}

} // namespace wsrelay::operator_socket_test
