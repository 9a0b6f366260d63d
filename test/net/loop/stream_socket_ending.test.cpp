// The other side's end: where it stands behind what came, and what is lost.
#include "test/net/loop/stream_socket_fixture.hpp"

#include <algorithm>
#include <new>
#include <stdexcept>

namespace wsrelay::stream_socket_ending_test {

using namespace wsrelay::test;
using fixture = stream_socket_fixture;

TEST_CASE_FIXTURE(fixture, "an end is told behind the data before it") {
  auto pair = make_pair_of(SOCK_STREAM);
  std::string text = "last words";
  SUBCASE("which come first") {
    open(std::move(pair));
    want(true);
    peer.send(text);
    REQUIRE(has_input(text));
    peer.close();
  }
  SUBCASE("which come with it") {
    pair[1].send(text);
    pair[1].close();
    open(std::move(pair));
    want(true);
  }
  SUBCASE("which are one whole read") {
    text = make_text(loop::scratch_size);
    pair[1].send(text);
    pair[1].close();
    open(std::move(pair));
    want(true);
  }
  SUBCASE("which are more than one read") {
    text = make_text(2 * loop::scratch_size + 1);
    open(std::move(pair));
    peer.send(text);
    peer.close();
    want(true);
  }
  SUBCASE("which are held") {
    open_with_held(text);
    peer.close();
    want(true);
  }
  SUBCASE("and nothing else, of half a connection") {
    open(std::move(pair));
    want(true);
    text.clear();
    ::shutdown(peer.descriptor(), SHUT_WR);
  }
  CHECK(soon([this] { return events.has("end"); }));
  CHECK(on_loop([this] { return events.input; }) == text);
  make_turns();
  CHECK(seen().ends_with("end"));
}

TEST_CASE_FIXTURE(fixture, "an end is not told while input is not wanted, nor "
                           "before what is held") {
  open();
  events.use = [this](std::string_view bytes) {
    socket->want_input(false);
    return bytes.size() - 1;
  };
  want(true);
  peer.send("ab");
  peer.close();
  REQUIRE(has_input("a"));
  make_turns();
  CHECK(seen() == "input 2");
  on_loop([this] { events.use = nullptr; });
  want(true);
  CHECK(soon([this] { return events.has("end"); }));
  CHECK(seen() == "input 2, input 1, end");
}

TEST_CASE_FIXTURE(fixture, "an end that stands behind what nobody wants is "
                           "told as such, once") {
  open_with_held("held");
  CHECK(on_loop([this] { return events.hang_ups; }) == 0);
  peer.close();
  CHECK(soon([this] { return events.hang_ups == 1; }));
  want(false);
  make_turns();
  CHECK(on_loop([this] { return events.hang_ups; }) == 1);
  CHECK(seen().empty());
  want(true);
  CHECK(soon([this] { return events.has("end"); }));
}

TEST_CASE_FIXTURE(fixture, "an end that came while input was wanted is told "
                           "when it is not any more") {
  open();
  events.use = [this](std::string_view) {
    socket->want_input(false);
    return std::size_t{0};
  };
  want(true);
  on_loop([this] { // both are told in one turn
    peer.send("x");
    peer.close();
  });
  CHECK(soon([this] { return events.hang_ups == 1; }));
  CHECK(seen() == "input 1");
}

TEST_CASE_FIXTURE(fixture, "an end is told again to who wants input again") {
  open();
  events.at_end = [this] { socket->want_input(false); };
  want(true);
  ::shutdown(peer.descriptor(), SHUT_WR);
  CHECK(soon([this] { return events.seen == "end"; }));
  make_turns();
  CHECK(seen() == "end");
  want(true);
  CHECK(soon([this] { return events.seen == "end, end"; }));
}

TEST_CASE_FIXTURE(fixture, "what its session throws ends a socket and nobody "
                           "else's") {
  open();
  want(true);
  auto pair = make_pair_of(SOCK_STREAM);
  fake_session other;
  std::unique_ptr<stream_socket> second;
  on_loop([&] {
    second = make(pair[0].release(), other);
    second->want_input(true);
  });
  SUBCASE("about input") {
    events.use = [](std::string_view) -> std::size_t {
      throw std::length_error{"too long"};
    };
    peer.send("x");
  }
  SUBCASE("about its end") {
    events.at_end = [] { throw std::bad_alloc{}; };
    ::shutdown(peer.descriptor(), SHUT_WR);
  }
  SUBCASE("about output") {
    on_loop([this] {
      events.at_sent = [] { throw 1; };
      socket->send(raw("x"));
    });
  }
  CHECK(soon([this] { return events.has("released"); }));
  CHECK(events.has("abort"));
  CHECK(places_back() == 1);
  pair[1].send("y");
  CHECK(soon([&] { return other.input == "y"; }));
  on_loop([&] { second.reset(); });
}

TEST_CASE_FIXTURE(fixture, "a reset is an end") {
  open_small();
  SUBCASE("while input is wanted") {
    want(true);
    peer.reset();
  }
  SUBCASE("before") {
    peer.reset();
    make_turns();
    CHECK(seen().empty());
    want(true);
  }
  CHECK(soon([this] { return events.has("end"); }));
  CHECK(seen() == "end");
}

TEST_CASE_FIXTURE(fixture, "a reset drops the output that waits, and its "
                           "session is told at once") {
  open_small();
  on_loop([this] { socket->send(raw(make_text(1'000'000))); });
  make_turns();
  REQUIRE(queued() > 0);
  bool was_broken = false;
  on_loop([&] { events.at_sent = [&] { was_broken = socket->is_broken(); }; });
  peer.reset();
  CHECK(soon([&] { return was_broken; }));
  CHECK(queued() == 0);
  CHECK(seen().empty()); // nobody wanted input
  SUBCASE("what is sent later is dropped too") {
    on_loop([this] { socket->send(raw("late")); });
    CHECK(queued() == 0);
  }
  SUBCASE("the end is still to be read") {
    want(true);
    CHECK(soon([this] { return events.has("end"); }));
  }
}

TEST_CASE_FIXTURE(fixture, "a client that closed is noticed by sending to "
                           "it") {
  open();
  peer.close();
  on_loop([this] { socket->send(raw("anybody there?")); });
  CHECK(soon([this] { return socket->is_broken(); }));
}

TEST_CASE_FIXTURE(fixture, "a socket that the kernel does not watch ends as "
                           "soon as input is wanted") {
  struct nobody final : pollable {
    void on_ready(readiness) override {}
  } before;
  auto pair = make_pair_of(SOCK_STREAM);
  std::string input;
  SUBCASE("and there is none") {}
  SUBCASE("behind what there is") {
    input = "input";
    pair[1].send(input);
  }
  on_loop([&] { // a second registration of one descriptor fails
    REQUIRE(home.sockets().add(pair[0].descriptor(), before));
  });
  open(std::move(pair));
  want(true);
  CHECK(soon([this] { return events.has("end"); }));
  CHECK(on_loop([this] { return events.input; }) == input);
  on_loop([&] {
    socket.reset();
    home.sockets().forget(before);
  });
}

} // namespace wsrelay::stream_socket_ending_test
