// How a socket ends at this side: its output alone, all of it, with the node.
#include "test/net/loop/stream_socket_fixture.hpp"

#include <cerrno>

namespace wsrelay::stream_socket_close_test {

using namespace wsrelay::test;
using fixture = stream_socket_fixture;

namespace {

// Reads it all.
bool ends_by_reset(plain_socket& peer) {
  errno = 0;
  while (!peer.receive().empty()) {
  }
  return errno == ECONNRESET;
}

} // namespace

// -- end_output ---------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "the end of the output follows the output") {
  open_small();
  auto text = make_text(500'000);
  on_loop([&] {
    socket->send(raw(text));
    socket->end_output();
  });
  make_turns();
  REQUIRE(queued() > 0);
  CHECK(peer.receive_exactly(text.size()) == text);
  CHECK(peer.receive() == "");
}

TEST_CASE_FIXTURE(fixture, "without output the end follows at once, and input "
                           "still comes") {
  open();
  want(true);
  on_loop([this] {
    socket->end_output();
    socket->end_output(); // twice
  });
  CHECK(peer.receive() == "");
  peer.send("still here");
  CHECK(has_input("still here"));
  peer.close();
  CHECK(soon([this] { return events.has("end"); }));
}

// -- send_now -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "what is sent now arrives before a close") {
  open();
  on_loop([&] {
    socket->send(raw("last words"));
    socket->send_now();
    socket->close();
  });
  CHECK(peer.receive() == "last words");
  CHECK(peer.receive() == "");
}

TEST_CASE_FIXTURE(fixture, "what the kernel does not take now is gone with a "
                           "close, and nobody waits") {
  open_small();
  auto text = make_text(5'000'000);
  on_loop([&] {
    socket->send(raw(text));
    socket->send_now();
    socket->send_now(); // the kernel is full
    socket->close();
    socket->send_now(); // and closed
  });
  std::size_t count = 0;
  for (auto part = peer.receive(); !part.empty(); part = peer.receive())
    count += part.size();
  CHECK(count < text.size());
}

// -- cut_off ------------------------------------------------------------------

// The kernel kept it for a client that reads nothing, counted nowhere.
TEST_CASE_FIXTURE(fixture,
                  "what the other side has not taken goes with a socket "
                  "that is cut off") {
  open_small();
  on_loop([&] { socket->send(raw(make_text(5'000'000))); });
  make_turns();
  REQUIRE(on_loop([&] { return socket->unacknowledged(); }) > 0);
  on_loop([&] { socket->cut_off(); });
  CHECK(ends_by_reset(peer));
  make_turns();
  CHECK(seen() == "released");
}

TEST_CASE_FIXTURE(fixture,
                  "a socket that is cut off when all was taken ends as "
                  "any") {
  open_small();
  on_loop([&] { socket->send(raw("all")); });
  CHECK(peer.receive() == "all");
  CHECK(soon([this] { return socket->unacknowledged() == 0; }));
  on_loop([&] {
    socket->cut_off();
    socket->cut_off(); // twice
  });
  CHECK_FALSE(ends_by_reset(peer));
}

// -- close --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a close is followed by the release, and gives the "
                           "ticket back once") {
  open();
  CHECK(home.socket_count == 1);
  CHECK(places_back() == 0);
  SUBCASE("once") {
    on_loop([this] { socket->close(); });
  }
  SUBCASE("twice in one turn") {
    on_loop([this] {
      socket->close();
      socket->close();
    });
  }
  SUBCASE("twice, and destroyed") {
    on_loop([this] { socket->close(); });
    make_turns();
    on_loop([this] { socket->close(); });
  }
  CHECK(peer.receive() == "");
  make_turns();
  CHECK(seen() == "released");
  CHECK(places_back() == 1);
  CHECK(home.socket_count == 0);
  on_loop([this] { socket.reset(); });
  CHECK(places_back() == 1);
  CHECK(home.socket_count == 0);
}

TEST_CASE_FIXTURE(fixture, "the release does not come before the close "
                           "returns") {
  open();
  CHECK(on_loop([this] {
    socket->close();
    return events.seen.empty();
  }));
  CHECK(soon([this] { return events.has("released"); }));
}

TEST_CASE_FIXTURE(fixture, "nothing comes behind a close") {
  open_with_held("read ahead");
  peer.send("input");
  make_turns();
  SUBCASE("before anything was wanted") {
    on_loop([this] { socket->close(); });
  }
  SUBCASE("with output and an end that wait") {
    on_loop([this] {
      socket->send(raw("output"));
      socket->end_output();
      socket->close();
    });
    CHECK(peer.receive() == "");
  }
  SUBCASE("that is used like an open socket") {
    on_loop([this] {
      socket->close();
      socket->want_input(true);
      socket->send(raw("output"));
      socket->end_output();
    });
    CHECK(peer.receive() == "");
    CHECK(queued() == 0);
  }
  make_turns();
  CHECK(seen() == "released");
  CHECK(on_loop([this] { return events.flushes; }) == 0);
}

TEST_CASE_FIXTURE(fixture, "a close while output is blocked drops it") {
  open_small();
  on_loop([this] { socket->send(raw(make_text(1'000'000))); });
  make_turns();
  REQUIRE(queued() > 0);
  on_loop([this] { socket->close(); });
  CHECK(queued() == 0);
  CHECK(soon([this] { return events.has("released"); }));
  CHECK(places_back() == 1);
}

TEST_CASE_FIXTURE(fixture, "a session may close from within what it is told") {
  open_small();
  auto close = [this] { socket->close(); };
  std::string expected = "released";
  SUBCASE("input, of which it uses nothing, and more follows") {
    events.use = [=](std::string_view) {
      close();
      return std::size_t{0};
    };
    want(true);
    peer.send("ab");
    expected = "input 2, released";
  }
  SUBCASE("an end") {
    events.at_end = close;
    want(true);
    peer.close();
    expected = "end, released";
  }
  SUBCASE("output that was sent") {
    events.at_sent = close;
    on_loop([this] { socket->send(raw("sent")); });
  }
  SUBCASE("output that was lost") {
    on_loop([this] { socket->send(raw(make_text(1'000'000))); });
    make_turns();
    on_loop([&] { events.at_sent = close; });
    peer.reset();
  }
  CHECK(soon([this] { return events.has("released"); }));
  make_turns();
  CHECK(seen() == expected);
  CHECK(places_back() == 1);
}

TEST_CASE_FIXTURE(fixture, "a session may close while what it has read is held "
                           "or read ahead") {
  open_with_held("read ahead");
  on_loop([this] {
    events.use = [this](std::string_view) {
      socket->close();
      return std::size_t{0};
    };
  });
  peer.send("and more");
  make_turns();
  want(true);
  CHECK(soon([this] { return events.has("released"); }));
  CHECK(seen() == "input 10, released");
}

TEST_CASE_FIXTURE(fixture, "a socket that had put something off is released "
                           "once") {
  open();
  peer.send("input");
  make_turns();
  on_loop([this] {
    socket->want_input(true);
    socket->close();
  });
  make_turns();
  CHECK(seen() == "released");
}

TEST_CASE_FIXTURE(fixture, "a socket that another one closes is not told any "
                           "more, though both were ready") {
  open();
  auto pair = make_pair_of(SOCK_STREAM);
  fake_session other{events.seen, ""};
  std::unique_ptr<stream_socket> second;
  events.use = [&](std::string_view bytes) {
    second->close();
    return bytes.size();
  };
  other.use = [&](std::string_view bytes) {
    socket->close();
    return bytes.size();
  };
  on_loop([&] { second = make(pair[0].release(), other); });
  on_loop([&] {
    socket->want_input(true);
    second->want_input(true);
  });
  make_turns();
  on_loop([&] { // one batch
    peer.send("a");
    pair[1].send("b");
  });
  make_turns();
  CHECK(seen() == "input 1, released");
  CHECK(places_back() == 1);
  on_loop([&] { second.reset(); });
}

TEST_CASE_FIXTURE(fixture, "a socket that is destroyed while it is open closes "
                           "without a word") {
  open_with_held("read ahead");
  on_loop([this] {
    socket->want_input(true);
    socket->send(raw("output"));
    socket.reset();
  });
  CHECK(peer.receive() == "");
  make_turns();
  CHECK(seen().empty());
  CHECK(places_back() == 1);
  CHECK(home.socket_count == 0);
}

TEST_CASE_FIXTURE(fixture, "a session may destroy its socket when it is "
                           "released") {
  // Stands for sessions that hold their socket.
  struct owner final : stream_events {
    std::size_t on_input(std::string_view) override { return 0; }
    void on_end() override { socket->close(); }
    void on_sent() override {}
    void on_abort() override {}
    void on_released() override { socket.reset(); }
    std::unique_ptr<stream_socket> socket;
  };
  auto pair = make_pair_of(SOCK_STREAM);
  owner who;
  on_loop([&] {
    REQUIRE(places->take());
    ++made_sockets;
    who.socket = std::make_unique<stream_socket>(
        home, unique_fd{pair[0].release()},
        socket_place{places, home.socket_count});
    who.socket->attach(who);
    who.socket->want_input(true);
  });
  pair[1].close();
  CHECK(soon([&] { return !who.socket; }));
  CHECK(places_back() == 1);
}

// -- abort --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "the loop's sockets are told when the node drops "
                           "them, idle or not") {
  open();
  on_loop([this] { home.abort_sockets(true); });
  CHECK(seen().empty()); // a WebSocket is never idle
  on_loop([this] { home.abort_sockets(false); });
  CHECK(soon([this] { return events.seen == "abort, released"; }));
  on_loop([this] {
    socket->close();
    home.abort_sockets(false);
  });
  make_turns();
  CHECK(seen() == "abort, released");
}

} // namespace wsrelay::stream_socket_close_test
