// A loop's socket and its other end, of which the test has hold.
#include "net/loop/stream_socket.hpp"

#include "test/net/loop/fake_job.hpp"
#include "test/net/support.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <vector>

using namespace wsrelay;
using namespace wsrelay::test;

namespace {

// A pair whose kernel buffers hold several reads, or whole records.
std::array<plain_socket, 2> make_pair_of(int type) {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == 0);
  int large = 400'000;
  ::setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
  return {plain_socket{pair[0]}, plain_socket{pair[1]}};
}

// A pair of which the kernel takes little, and which can be reset.
std::array<plain_socket, 2> make_small_pair() {
  plain_listener listener;
  auto peer = plain_socket::connect_to(listener.port(), 4096);
  auto accepted = listener.accept();
  int small = 4096;
  ::setsockopt(accepted.descriptor(), SOL_SOCKET, SO_SNDBUF, &small,
               sizeof small);
  return {std::move(accepted), std::move(peer)};
}

// Bytes whose order shows.
std::string make_text(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; result.size() < size; ++i)
    result += std::to_string(i) + " ";
  result.resize(size);
  return result;
}

output_piece raw(std::string_view data) {
  return {shared_buffer{data}, std::nullopt, false};
}

// A socket's session: notes what it is told and does what the test wants.
struct session final : stream_events {
  session() = default;
  session(std::string& to, std::string prefix)
      : seen{to}, name{std::move(prefix)} {}

  std::size_t on_input(std::string_view bytes) override {
    note("input " + std::to_string(bytes.size()));
    auto used = use ? use(bytes) : bytes.size();
    input += bytes.substr(0, used);
    return used;
  }
  void on_end() override {
    note("end");
    if (at_end)
      at_end();
  }
  void on_sent() override {
    ++flushes;
    if (at_sent)
      at_sent();
  }
  void on_abort() override { note("abort"); }
  void on_hang_up() override { ++hang_ups; }
  void on_released() override { note("released"); }

  void note(const std::string& what) {
    seen += (seen.empty() ? "" : ", ") + name + what;
  }
  bool has(const std::string& what) const {
    return seen.find(what) != std::string::npos;
  }

  std::string own;
  std::string& seen = own; // in order, with commas between
  std::string name;        // stands before what it notes
  std::string input;
  int flushes = 0;
  int hang_ups = 0;
  std::function<std::size_t(std::string_view)> use; // default: everything
  std::function<void()> at_end;
  std::function<void()> at_sent;
};

// Everything but `peer` belongs to the loop's thread.
struct fixture : loop_fixture {
  template <class F>
  auto on_loop(F what) {
    return home.call(what);
  }

  ~fixture() {
    on_loop([this] { socket.reset(); });
  }

  void open(std::array<plain_socket, 2> pair) {
    peer = std::move(pair[1]);
    on_loop([&] { socket = make(pair[0].release(), events); });
    make_turns(); // it has been told what it can do
  }

  // With input that was read and that nobody wanted.
  void open_with_held(const std::string& held) {
    open();
    events.use = [this](std::string_view) {
      socket->want_input(false);
      return std::size_t{0};
    };
    peer.send(held);
    want(true);
    REQUIRE(soon([this] { return events.has("input"); }));
    on_loop([this] {
      events.use = nullptr;
      events.seen.clear();
    });
  }
  void open() { open(make_pair_of(SOCK_STREAM)); }
  void open_small() { open(make_small_pair()); }

  std::unique_ptr<stream_socket> make(int descriptor, session& who) {
    REQUIRE(places->take());
    ++made_sockets;
    auto made = std::make_unique<stream_socket>(
        home, unique_fd{descriptor}, socket_place{places, home.socket_count});
    made->attach(who);
    return made;
  }

  // Waits for the loop without the test's data being touched meanwhile.
  template <class F>
  bool soon(F condition) {
    return holds_soon([&] { return on_loop(condition); });
  }

  void make_turns() { wait_for_turns(home); }

  void want(bool wanted) {
    on_loop([this, wanted] { socket->want_input(wanted); });
  }
  bool has_input(std::string_view text) {
    return soon([&] { return events.input == text; });
  }
  std::string seen() {
    return on_loop([this] { return events.seen; });
  }
  std::size_t queued() {
    return on_loop([this] { return socket->output().bytes(); });
  }
  // Bytes that the kernel holds for the socket.
  int unread() {
    int result = -1;
    ::ioctl(socket->descriptor(), FIONREAD, &result);
    return result;
  }

  // Places that were given back by now.
  int places_back() { return made_sockets - static_cast<int>(places->taken()); }

  int made_sockets = 0;
  std::shared_ptr<socket_places> places = std::make_shared<socket_places>(9);
  plain_socket peer;
  session events;
  std::unique_ptr<stream_socket> socket;
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

TEST_CASE_FIXTURE(fixture, "whoever has more to read lets the others go "
                           "first") {
  open();
  auto pair = make_pair_of(SOCK_STREAM);
  session other{events.seen, "other "};
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

// -- the other side's end -----------------------------------------------------

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
  session other;
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
  on_loop([&] { // a second registration of one descriptor fails
    REQUIRE(home.sockets().add(pair[0].descriptor(), before));
  });
  open(std::move(pair));
  want(true);
  CHECK(soon([this] { return events.has("end"); }));
  on_loop([&] {
    socket.reset();
    home.sockets().forget(before);
  });
}

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

TEST_CASE_FIXTURE(fixture, "a socket that another one closes is not told any "
                           "more, though both were ready") {
  open();
  auto pair = make_pair_of(SOCK_STREAM);
  session other{events.seen, ""};
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

TEST_CASE_FIXTURE(fixture, "whoever stops and goes on reading still lets the "
                           "others go first") {
  open();
  auto pair = make_pair_of(SOCK_STREAM);
  session other{events.seen, "other "};
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
