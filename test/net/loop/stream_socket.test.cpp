// What goes out of a socket and what comes in, while both sides are there.
#include "test/net/loop/fake_job.hpp"
#include "test/net/loop/stream_socket_fixture.hpp"

#include <sys/ioctl.h>

#include <algorithm>

namespace wsrelay::stream_socket_test {

using namespace wsrelay::test;

namespace {

struct fixture : stream_socket_fixture {
  // Bytes that the kernel holds for the socket.
  int unread() {
    int result = -1;
    ::ioctl(socket->descriptor(), FIONREAD, &result);
    return result;
  }
};

} // namespace

// -- output -------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "what is added in one turn leaves with one send") {
  open(make_pair_of(SOCK_SEQPACKET)); // what is sent at once is one record
  on_loop([this] {
    for (int i = 0; i < 50; ++i)
      socket->send({"piece", opcode::text, false});
  });
  CHECK(peer.receive().size() == 50 * 7);
  CHECK(on_loop([this] { return events.flushes; }) == 1);
  on_loop([this] { socket->send(raw("next")); });
  CHECK(peer.receive() == "next");
}

TEST_CASE_FIXTURE(fixture, "what its input and the actors of the same turn add "
                           "leaves together") {
  open(make_pair_of(SOCK_SEQPACKET));
  fake_job job{[this](caf::execution_unit*) {
    socket->send(raw(", actor"));
    return caf::resumable::done;
  }};
  events.use = [&](std::string_view bytes) {
    socket->send(raw("input"));
    job.intrusive_ptr_add_ref_impl();
    home.exec_later(&job);
    return bytes.size();
  };
  want(true);
  peer.send("go");
  CHECK(peer.receive() == "input, actor");
}

TEST_CASE_FIXTURE(fixture, "what is added while it sends leaves in the next "
                           "turn") {
  open(make_pair_of(SOCK_SEQPACKET));
  events.at_sent = [this] {
    if (events.flushes == 1)
      socket->send(raw("second"));
  };
  on_loop([this] { socket->send(raw("first")); });
  CHECK(peer.receive() == "first");
  CHECK(peer.receive() == "second");
}

TEST_CASE_FIXTURE(fixture, "whoever has more to send lets the others go "
                           "first") {
  auto wide = make_pair_of(SOCK_STREAM);
  std::swap(wide[0], wide[1]);
  open(std::move(wide));
  auto pair = make_pair_of(SOCK_STREAM);
  fake_session other{events.seen, "other "};
  std::unique_ptr<stream_socket> second;
  on_loop([&] { second = make(pair[0].release(), other); });
  pair[1].send("y");
  make_turns();
  constexpr auto size = output_queue::max_sent + 1;
  on_loop([&] {
    events.at_sent = [&] {
      events.note("left " + std::to_string(socket->output().bytes()));
      second->want_input(true);
    };
    socket->send(raw(make_text(size)));
  });
  CHECK(peer.receive_exactly(size) == make_text(size));
  CHECK(soon([this] { return events.flushes == 2; }));
  CHECK(seen() == "left 1, other input 1, left 0");
  on_loop([&] { second.reset(); });
}

TEST_CASE_FIXTURE(fixture, "bytes keep their order under back-pressure") {
  open_small();
  auto text = make_text(2'000'000);
  on_loop([&] {
    for (std::size_t at = 0; at < text.size(); at += 3000)
      socket->send(raw(std::string_view{text}.substr(at, 3000)));
  });
  make_turns();
  CHECK(queued() > 0);
  CHECK(peer.receive_exactly(text.size()) == text);
  CHECK(soon([this] { return socket->output().empty(); }));
}

TEST_CASE_FIXTURE(fixture, "a kernel that takes nothing is not asked again "
                           "until it can") {
  open_small();
  on_loop([&] { socket->send(raw(make_text(1'000'000))); });
  make_turns();
  auto flushes = on_loop([this] { return events.flushes; });
  auto waiting = queued();
  on_loop([this] { socket->send(raw("more")); });
  make_turns();
  CHECK(on_loop([this] { return events.flushes; }) == flushes);
  CHECK(queued() == waiting + 4);
  peer.receive_exactly(1'000'000);
  CHECK(peer.receive_exactly(4) == "more");
}

TEST_CASE_FIXTURE(fixture, "its session is told when the kernel has taken a "
                           "message") {
  open_small();
  std::uint64_t notice = 0;
  events.at_sent = [&] {
    notice = std::max(notice, socket->output().take_notice());
  };
  on_loop([&] { socket->send({make_text(1'000'000), opcode::binary, true}); });
  make_turns();
  CHECK(on_loop([&] { return notice; }) == 0);
  peer.receive_exactly(1'000'010);
  CHECK(soon([&] { return notice == 1; }));
}

TEST_CASE_FIXTURE(fixture, "its memory for output is the loop's, which has it "
                           "back after each turn") {
  open();
  on_loop([this] { socket->send(raw("a")); });
  CHECK(peer.receive() == "a");
  CHECK(soon([this] { return home.spare().size() == 1; }));
  on_loop([this] { socket->send(raw("b")); });
  CHECK(peer.receive() == "b");
  CHECK(soon([this] { return home.spare().size() == 1; }));
}

// -- input --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "nothing is read before it is wanted") {
  open();
  peer.send("early");
  make_turns();
  CHECK(seen().empty());
  CHECK(on_loop([this] { return unread(); }) == 5);
  want(true);
  CHECK(has_input("early"));
}

TEST_CASE_FIXTURE(fixture, "input that is not wanted any more stays in the "
                           "kernel") {
  open();
  want(true);
  peer.send("first ");
  REQUIRE(has_input("first "));
  want(false);
  peer.send("second ");
  peer.send("third");
  make_turns();
  CHECK(on_loop([this] { return events.input; }) == "first ");
  CHECK(on_loop([this] { return unread(); }) == 12);
  want(true);
  CHECK(has_input("first second third"));
}

TEST_CASE_FIXTURE(fixture, "wanting input twice, or in vain, changes nothing") {
  open();
  want(false);
  want(true);
  want(true);
  make_turns();
  CHECK(seen().empty());
  peer.send("a");
  CHECK(has_input("a"));
}

TEST_CASE_FIXTURE(fixture, "what is held comes first, when it is wanted") {
  open_with_held("ahead ");
  peer.send("behind");
  make_turns();
  CHECK(seen().empty());
  want(true);
  CHECK(has_input("ahead behind"));
  CHECK(seen() == "input 6, input 6");
}

TEST_CASE_FIXTURE(fixture, "what is held may be used a byte at a time, and "
                           "stands where it is meanwhile") {
  open_with_held("abc");
  peer.send("def");
  CHECK(soon([this] { return socket->peek_input() == "abcdef"; }));
  std::string views;
  on_loop([&] {
    events.use = [&](std::string_view bytes) {
      views += std::string{bytes} + " ";
      return std::size_t{1};
    };
  });
  want(true);
  CHECK(has_input("abcdef"));
  CHECK(on_loop([&] { return views; }) == "abc bc c def ef f ");
  CHECK(on_loop([this] { return socket->peek_input(); }) == "");
}

TEST_CASE_FIXTURE(fixture, "input that was not used is held, and comes again "
                           "before anything new") {
  open();
  // Uses three bytes and stops.
  events.use = [this](std::string_view bytes) {
    socket->want_input(false);
    return std::min<std::size_t>(bytes.size(), 3);
  };
  want(true);
  peer.send("abcdefgh");
  REQUIRE(has_input("abc"));
  peer.send("ij");
  make_turns();
  CHECK(seen() == "input 8");
  CHECK(on_loop([this] { return unread(); }) == 2);
  want(true);
  REQUIRE(has_input("abcdef"));
  want(true);
  REQUIRE(has_input("abcdefgh"));
  CHECK(on_loop([this] { return unread(); }) == 2);
  want(true);
  REQUIRE(has_input("abcdefghij"));
  CHECK(seen() == "input 8, input 5, input 2, input 2");
}

TEST_CASE_FIXTURE(fixture, "what comes as input is wanted again stays behind "
                           "what is held") {
  open_with_held("held ");
  on_loop([this] { // the socket is told of it in this turn, and goes on then
    peer.send("new");
    socket->want_input(true);
  });
  CHECK(has_input("held new"));
}

TEST_CASE_FIXTURE(fixture, "input that is wanted and not any more in one turn "
                           "does not come") {
  open_with_held("held");
  peer.send("new");
  make_turns();
  on_loop([this] {
    socket->want_input(true);
    socket->want_input(false);
  });
  make_turns();
  CHECK(seen().empty());
  want(true);
  CHECK(has_input("heldnew"));
}

TEST_CASE_FIXTURE(fixture, "more than one read takes comes whole") {
  open();
  auto text = make_text(1'000'000);
  want(true);
  peer.send(text);
  CHECK(has_input(text));
}

TEST_CASE_FIXTURE(fixture, "input that is refused and wanted at once comes "
                           "again") {
  open();
  events.use = [this](std::string_view bytes) {
    socket->want_input(false);
    socket->want_input(true);
    return std::min<std::size_t>(bytes.size(), 1);
  };
  want(true);
  auto text = make_text(100);
  peer.send(text);
  CHECK(has_input(text));
}

TEST_CASE_FIXTURE(fixture, "whoever has more to read lets the others go "
                           "first") {
  open();
  auto pair = make_pair_of(SOCK_STREAM);
  fake_session other{events.seen, "other "};
  std::unique_ptr<stream_socket> second;
  on_loop([&] { second = make(pair[0].release(), other); });
  constexpr auto read = loop::scratch_size;
  peer.send(std::string(3 * read + 1, 'x'));
  pair[1].send("y");
  make_turns();
  on_loop([&] {
    socket->want_input(true);
    second->want_input(true);
  });
  CHECK(soon([&] { return events.input.size() == 3 * read + 1; }));
  auto whole = "input " + std::to_string(read);
  CHECK(seen()
        == whole + ", other input 1, " + whole + ", " + whole + ", input 1");
  on_loop([&] { second.reset(); });
}

TEST_CASE_FIXTURE(fixture, "whoever stops and goes on reading still lets the "
                           "others go first") {
  open();
  auto pair = make_pair_of(SOCK_STREAM);
  fake_session other{events.seen, "other "};
  std::unique_ptr<stream_socket> second;
  on_loop([&] { second = make(pair[0].release(), other); });
  constexpr auto read = loop::scratch_size;
  peer.send(std::string(3 * read, 'x'));
  pair[1].send("y");
  make_turns();
  on_loop([&] {
    for (int i = 0; i < 3; ++i) {
      socket->want_input(false);
      socket->want_input(true);
    }
    second->want_input(true);
  });
  CHECK(soon([&] { return events.input.size() == 3 * read; }));
  auto whole = "input " + std::to_string(read);
  CHECK(seen() == whole + ", other input 1, " + whole + ", " + whole);
  on_loop([&] { second.reset(); });
}

// -- who gives way ------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "who gives way is read behind the output of others, "
                           "a little at a time") {
  open();
  auto pair = make_pair_of(SOCK_STREAM);
  fake_session other{events.seen, "other "};
  std::unique_ptr<stream_socket> second;
  on_loop([&] {
    second = make(pair[0].release(), other);
    second->want_input(true);
    socket->give_way(true);
    socket->want_input(true);
  });
  make_turns();
  other.use = [&](std::string_view bytes) {
    second->send(raw("echo"));
    return bytes.size();
  };
  other.at_sent = [&] { other.note("sent"); };
  on_loop([&] { // both are ready in the next turn
    peer.send(make_text(16 * 1024 + 1));
    pair[1].send("y");
  });
  CHECK(soon([this] { return events.input.size() == 16 * 1024 + 1; }));
  CHECK(seen() == "other input 1, other sent, input 16384, input 1");
  on_loop([&] { second.reset(); });
}

TEST_CASE_FIXTURE(fixture, "who gives way is told of an end") {
  open();
  on_loop([this] { socket->give_way(true); });
  SUBCASE("while it reads") {
    want(true);
    ::shutdown(peer.descriptor(), SHUT_WR);
    CHECK(soon([this] { return events.has("end"); }));
  }
  SUBCASE("while it does not") {
    ::shutdown(peer.descriptor(), SHUT_WR);
    CHECK(soon([this] { return events.hang_ups == 1; }));
  }
}

TEST_CASE_FIXTURE(fixture, "who gives way no more is read with the others") {
  open();
  on_loop([this] {
    socket->give_way(true);
    socket->want_input(true);
    socket->give_way(false);
  });
  on_loop([this] { peer.send(make_text(100'000)); }); // all of it at once
  CHECK(has_input(make_text(100'000)));
  CHECK(seen().starts_with("input 65536"));
}

} // namespace wsrelay::stream_socket_test
