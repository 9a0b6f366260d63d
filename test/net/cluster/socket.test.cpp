// What a socket between nodes tells of the bytes that it was given.
#include "net/cluster/socket.hpp"

#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace wsrelay::socket_test {

using namespace wsrelay::test;

namespace {

// Both ends of a connection; one of them belongs to the loop.
struct fixture : loop_fixture {
  fixture() {
    plain_listener listener;
    peer = plain_socket::connect_to(listener.port());
    auto accepted = listener.accept();
    mine = make_node_socket(home, unique_fd{accepted.release()}, nullptr);
  }

  ~fixture() {
    home.call([this] { mine->close(); });
    wait_for_turns(home);
    home.call([this] { mine = nullptr; });
  }

  void write(const std::string& text) {
    home.call([&] {
      done = false;
      mine->write(boost::asio::buffer(text), [this](auto...) { done = true; });
    });
  }

  bool reaches(std::uint64_t sent, std::uint64_t unacknowledged) {
    return holds_soon([&] {
      return home.call([&] {
        return done && mine->sent() == sent
               && mine->unacknowledged() == unacknowledged;
      });
    });
  }

  plain_socket peer;
  std::unique_ptr<node_socket> mine;
  bool done = false; // the loop's
};

} // namespace

TEST_CASE_FIXTURE(fixture, "every byte that was passed on counts, and what the "
                           "other side does not have") {
  write("a");
  CHECK(reaches(1, 0));
  write("bcd");
  CHECK(reaches(4, 0));
  CHECK(peer.receive_exactly(4) == "abcd");
}

TEST_CASE_FIXTURE(fixture, "what writes nothing more still reads") {
  home.call([this] { mine->end_output(); });
  CHECK(peer.receive() == "");
  CHECK(peer.send("x"));
  char byte = 0;
  home.call([&] {
    done = false;
    mine->read_some(boost::asio::buffer(&byte, 1),
                    [this](auto...) { done = true; });
  });
  CHECK(holds_soon([this] { return home.call([this] { return done; }); }));
  CHECK(byte == 'x');
}

TEST_CASE_FIXTURE(fixture, "a part of what is written counts before the rest") {
  const std::string much(16 << 20, 'x');
  write(much);
  CHECK(holds_soon([this] {
    return home.call(
        [this] { return mine->sent() > 0 && mine->unacknowledged() > 0; });
  }));
  CHECK(home.call([this] { return mine->sent(); }) < much.size());
  CHECK(peer.receive_exactly(much.size()).size() == much.size());
  CHECK(reaches(much.size(), 0));
}

} // namespace wsrelay::socket_test
