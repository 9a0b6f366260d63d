// Output that is gathered, over a real pair of sockets with small buffers.
#include "net/gathered_socket.hpp"

#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <mutex>

using namespace wsrelay;
using namespace wsrelay::test;
using error_code = boost::system::error_code;

namespace {

// Collects what happens; the loop writes, the test reads.
struct fixture : loop_fixture, flush_listener {
  fixture() {
    plain_listener listener;
    peer = plain_socket::connect_to(listener.port(), 4096);
    auto accepted = listener.accept();
    int small = 4096;
    ::setsockopt(accepted.descriptor(), SOL_SOCKET, SO_SNDBUF, &small,
                 sizeof small);
    ticket = std::make_shared<int>(0);
    std::weak_ptr<void> watch = ticket;
    ticket_watch = watch;
    run_on(home, [&] {
      gathered_socket::socket_type made{home.context().get_executor()};
      made.assign(boost::asio::ip::tcp::v4(), accepted.release());
      socket = std::make_shared<gathered_socket>(home, std::move(made),
                                                 std::move(ticket));
      socket->listen_to_flushes(this);
    });
  }

  ~fixture() {
    run_on(home, [this] {
      socket->listen_to_flushes(nullptr);
      socket->close();
    });
    make_turns(); // handlers that waited run now
    run_on(home, [this] { socket.reset(); });
  }

  void on_flushed(std::uint64_t total) override { flushes.push_back(total); }
  void on_teardown() override {}

  // Writes `rest` in pieces, each when the one before was taken.
  void write(std::string rest, std::size_t piece) {
    auto data = std::make_shared<std::string>(rest.substr(0, piece));
    rest.erase(0, piece);
    socket->async_write_some(boost::asio::buffer(*data),
                             [this, data, piece, rest = std::move(rest)](
                                 error_code ec, std::size_t count) mutable {
                               if (!socket) // the test is over
                                 return;
                               most_pending =
                                   std::max(most_pending, socket->pending());
                               taken += count;
                               last_error = ec;
                               if (ec)
                                 failed = true;
                               rest.insert(0, data->substr(count));
                               if (!ec && !rest.empty())
                                 write(std::move(rest), piece);
                             });
  }

  template <class F>
  auto on_loop(F what) {
    return run_on(home, what);
  }

  // Waits for the loop without the test's data being touched meanwhile.
  template <class F>
  bool soon(F condition) {
    return holds_soon([&] { return on_loop(condition); });
  }

  std::shared_ptr<void> ticket;
  std::weak_ptr<void> ticket_watch;
  plain_socket peer;
  std::shared_ptr<gathered_socket> socket;
  std::vector<std::uint64_t> flushes;
  std::size_t most_pending = 0;
  std::size_t taken = 0;
  error_code last_error;
  bool failed = false;
  bool drained = false;
};

// Bytes whose order shows.
std::string make_text(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; result.size() < size; ++i)
    result += std::to_string(i) + " ";
  result.resize(size);
  return result;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "what is written in one turn leaves with one send") {
  auto text = make_text(1000);
  on_loop([&] { write(text, 50); });
  CHECK(peer.receive_exactly(1000) == text);
  CHECK(on_loop([&] { return flushes; }) == std::vector<std::uint64_t>{1000});
}

TEST_CASE_FIXTURE(fixture, "bytes keep their order under back-pressure") {
  auto text = make_text(2'000'000);
  on_loop([&] { write(text, 3000); });
  make_turns();
  auto taken_early = on_loop([&] { return taken; });
  CHECK(taken_early < text.size());
  CHECK(peer.receive_exactly(text.size()) == text);
  CHECK(soon([&] { return socket->pending() == 0; }));
  CHECK(on_loop([&] { return socket->flushed(); }) == text.size());
  CHECK(on_loop([&] { return taken; }) == text.size());
}

TEST_CASE_FIXTURE(fixture, "a kernel that takes nothing stops the writer at "
                           "the limit and one piece") {
  on_loop([&] { write(make_text(2'000'000), 10'000); });
  make_turns();
  auto [pending, taken_before] = on_loop([&] {
    return std::pair{socket->pending(), taken};
  });
  CHECK(pending >= gathered_socket::high_water);
  CHECK(pending < gathered_socket::high_water + 10'000);
  make_turns();
  CHECK(on_loop([&] { return taken; }) == taken_before);
  CHECK(on_loop([&] { return most_pending; })
        < gathered_socket::high_water + 10'000);
}

TEST_CASE_FIXTURE(fixture, "a huge piece is taken in parts") {
  auto text = make_text(1'000'000);
  on_loop([&] { write(text, text.size()); });
  CHECK(peer.receive_exactly(text.size()) == text);
  CHECK(on_loop([&] { return most_pending; })
        <= 2 * gathered_socket::high_water);
}

TEST_CASE_FIXTURE(fixture, "drained means that the kernel has everything") {
  on_loop([&] {
    write(make_text(60'000), 60'000);
    socket->async_drain([this](error_code = {}) {
      drained = true;
      most_pending = socket->pending();
    });
  });
  make_turns();
  CHECK(!on_loop([&] { return drained; }));
  peer.receive_exactly(60'000);
  CHECK(soon([&] { return drained; }));
  CHECK(on_loop([&] { return most_pending; }) == 0);
}

TEST_CASE_FIXTURE(fixture, "a drain with nothing pending ends at once, but "
                           "not before it returns") {
  auto early = on_loop([&] {
    socket->async_drain([this](error_code = {}) { drained = true; });
    return drained;
  });
  CHECK(!early);
  CHECK(soon([&] { return drained; }));
}

TEST_CASE_FIXTURE(fixture, "a close ends the write and the drain that wait") {
  on_loop([&] { write(make_text(1'000'000), 10'000); });
  on_loop([&] {
    socket->async_drain([this](error_code = {}) { drained = true; });
  });
  make_turns();
  CHECK(!on_loop([&] { return failed || drained; }));
  on_loop([&] { socket->close(); });
  CHECK(soon([&] { return failed && drained; }));
  CHECK(on_loop([&] { return last_error; })
        == boost::asio::error::operation_aborted);
  CHECK(ticket_watch.expired());
}

TEST_CASE_FIXTURE(fixture, "a write after the close fails") {
  on_loop([&] {
    socket->close();
    write("late", 4);
  });
  CHECK(soon([&] { return failed; }));
  CHECK(on_loop([&] { return socket->pending(); }) == 0);
}

TEST_CASE_FIXTURE(fixture, "a socket may be closed twice") {
  on_loop([&] {
    socket->close();
    socket->close();
  });
  make_turns();
  CHECK(ticket_watch.expired());
}

TEST_CASE_FIXTURE(fixture, "a peer's reset fails the write that waits") {
  on_loop([&] { write(make_text(1'000'000), 10'000); });
  make_turns();
  REQUIRE(!on_loop([&] { return failed; }));
  peer.reset();
  CHECK(soon([&] { return failed; }));
  CHECK(on_loop([&] { return socket->pending(); }) == 0);
}

TEST_CASE_FIXTURE(fixture, "what was read too far is read first") {
  std::string space(64, '\0');
  std::vector<std::string> got;
  on_loop([&] { socket->put_back("abcdef"); });
  peer.send("ghi");
  auto read = [&](std::size_t size) {
    on_loop([&] {
      socket->async_read_some(boost::asio::buffer(space.data(), size),
                              [&](error_code, std::size_t count) {
                                got.push_back(space.substr(0, count));
                              });
    });
  };
  read(4);
  REQUIRE(soon([&] { return got.size() == 1; }));
  read(4);
  REQUIRE(soon([&] { return got.size() == 2; }));
  read(4);
  REQUIRE(soon([&] { return got.size() == 3; }));
  CHECK(got == std::vector<std::string>{"abcd", "ef", "ghi"});
}

TEST_CASE_FIXTURE(fixture, "a loop knows its open sockets") {
  CHECK(home.socket_count == 1);
  CHECK(on_loop([&] { return home.sockets().size(); }) == 1);
}
