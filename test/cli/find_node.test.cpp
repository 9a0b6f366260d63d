// The node that is meant when none is named.
#include "tools/wsrelay/find_node.hpp"

#include "net/admin/command_error.hpp"
#include "net/cluster/operator_socket.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace wsrelay::find_node_test {

using namespace wsrelay::cli;

namespace {

namespace fs = std::filesystem;

struct fixture {
  test::temporary_folder root;
  std::string first = root / "first";
  std::string second = root / "second";

  operator_socket open(const std::string& folder, const char* name) {
    auto made = open_operator_socket(folder, name);
    REQUIRE(made);
    return std::move(*made);
  }

  std::string found() { return find_node({first, second}); }

  command_error refused() {
    try {
      FAIL(found());
    } catch (const command_error& error) {
      return error;
    }
    return {};
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "the only node of a folder is meant") {
  auto node = open(first, "a");
  CHECK(found() == first + "/a.sock");
  fs::create_directory(first + "/x.sock"); // no socket
  CHECK(found() == first + "/a.sock");
}

TEST_CASE_FIXTURE(fixture, "the user's own nodes come before services") {
  auto service = open(second, "a");
  CHECK(found() == second + "/a.sock");
  auto own = open(first, "b");
  CHECK(found() == first + "/b.sock");
}

TEST_CASE_FIXTURE(fixture, "several nodes are named") {
  auto one = open(first, "a");
  auto two = open(first, "a");
  auto error = refused();
  CHECK(error.code == exit_code::usage);
  CHECK(error.kind == "several_nodes");
  CHECK(error.text
        == "several nodes are here, name one with --node: " + first
               + "/a-2.sock " + first + "/a.sock");
}

TEST_CASE_FIXTURE(fixture, "what a killed node left is no node") {
  auto left = open(first, "a");
  left.socket.reset();
  auto error = refused();
  CHECK(error.code == exit_code::unreachable);
  CHECK(error.text
        == "no node is named (--node) and none is found: " + first
               + ": no node listens there; " + second
               + ": no node listens there");
  auto node = open(second, "b");
  CHECK(found() == second + "/b.sock");
}

TEST_CASE_FIXTURE(fixture, "a folder that cannot be read says why") {
  first = root / std::string(300, 'x');
  CHECK(refused().text.find("File name too long") != std::string::npos);
}

// As the node says of it, which has no socket there then.
TEST_CASE_FIXTURE(fixture, "no node is looked for where others may write") {
  auto node = open(first, "a");
  fs::permissions(first, fs::perms{0770});
  CHECK(refused().text.find(first + ": others may write there")
        != std::string::npos);
  CHECK(open_operator_socket(first, "b").error().what
        == first + ": others may write there");
  fs::permissions(first, fs::perms{01777}); // as /tmp is
  CHECK(found() == first + "/a.sock");
}

TEST_CASE_FIXTURE(fixture, "a socket of somebody else is no node") {
  if (::geteuid() != 0)
    return; // only root can give files away
  auto node = open(first, "a");
  fs::permissions(first, fs::perms{01777});
  REQUIRE(::chown((first + "/a.sock").c_str(), 65534, 65534) == 0);
  CHECK(refused().text.find(first + ": a.sock: it belongs to somebody else")
        != std::string::npos);
  // The socket of a service in its own folder is one for root.
  fs::permissions(first, fs::perms{0755});
  REQUIRE(::chown(first.c_str(), 65534, 65534) == 0);
  CHECK(found() == first + "/a.sock");
}

TEST_CASE("the folders are the user's and that of services, each once") {
  auto* before = std::getenv("XDG_RUNTIME_DIR");
  std::optional<std::string> kept;
  if (before)
    kept = before;
  ::setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
  CHECK(operator_folders()
        == std::vector<std::string>{"/run/user/7/wsrelay", "/run/wsrelay"});
  ::unsetenv("XDG_RUNTIME_DIR");
  CHECK(operator_folders() == std::vector<std::string>{"/run/wsrelay"});
  if (kept)
    ::setenv("XDG_RUNTIME_DIR", kept->c_str(), 1);
}

} // namespace wsrelay::find_node_test
