// From accept to the end of the PROXY protocol's header, on a real loop.
#include "net/http/proxy_door.hpp"

#include "test/net/support.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <vector>

namespace wsrelay::proxy_door_test {

using namespace wsrelay::test;
using namespace std::string_literals;
using strings = std::vector<std::string>;

namespace {

const auto text_header = "PROXY TCP4 192.0.2.7 192.0.2.1 50000 443\r\n"s;
const auto signature = "\r\n\r\n\0\r\nQUIT\n"s;

// From 198.51.100.7:50000 to 10.0.1.10:443.
const auto addresses = "\xC6\x33\x64\x07\x0A\0\x01\x0A\xC3\x50\x01\xBB"s;

// The client has spoken TLS 1.3 to the proxy.
const auto tls_field = "\x20\0\x05\x01\0\0\0\0"s;

std::string binary(char command, char family, const std::string& block) {
  return signature + command + family + '\0' + static_cast<char>(block.size())
         + block;
}

constexpr auto proxy = "192.0.2.200";

/// Tells that so much time has passed on the loop.
struct alarm final : loop_timer {
  void on_timer() override { rang = true; }
  std::atomic<bool> rang{false};
};

/// A door, and what came out of it.
struct fixture : loop_fixture {
  fixture() { open(1h); }

  ~fixture() {
    close();
    home.stop();
  }

  /// Makes the door anew.
  void open(milliseconds timeout) {
    home.call([this, timeout] {
      door.emplace(
          home, timeout,
          [this](accepted_socket socket) {
            if (throws)
              throw std::runtime_error{"a session that cannot start"};
            passed.push_back(std::move(socket));
          },
          [this](std::string_view reason, const std::string& address) {
            failures.push_back(address + " " + std::string{reason});
          });
    });
  }

  void close() {
    home.call([this] {
      door.reset();
      passed.clear();
    });
    CHECK(places->taken() == 0);
    CHECK(home.socket_count == 0);
  }

  /// Returns a proxy's end of a socket that the door has; `first` is what came
  /// before.
  plain_socket connect(std::string_view first = {}) {
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    plain_socket client{ends[1]};
    unique_fd mine{ends[0]};
    ::fcntl(mine.get(), F_SETFL, O_NONBLOCK);
    client.send(first);
    begin(std::move(mine));
    return client;
  }

  void begin(unique_fd socket) {
    home.call([this, &socket] {
      REQUIRE(places->take());
      door->begin({std::move(socket), socket_place{places, home.socket_count},
                   proxy, false});
    });
  }

  std::size_t count() {
    return home.call([this] { return passed.size(); });
  }

  bool passes(std::size_t number) {
    return holds_soon([&] { return count() == number; });
  }

  /// The client's address, and "tls", of what came out last.
  std::string last() {
    return home.call([this] {
      auto& one = passed.back();
      return one.remote_address + (one.is_secure ? " tls" : "");
    });
  }

  /// What is left in the socket that came out last.
  std::string rest() {
    return home.call([this] {
      std::string bytes(1024, '\0');
      auto size = ::recv(passed.back().descriptor.get(), bytes.data(),
                         bytes.size(), MSG_DONTWAIT);
      bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
      return bytes;
    });
  }

  strings told() {
    return home.call([this] { return failures; });
  }

  /// Whether all that was begun is over, and was told as `expected`.
  bool ends_with(const strings& expected) {
    return holds_soon([&] { return places->taken() == 0; })
           && told() == expected;
  }

  std::shared_ptr<socket_places> places = std::make_shared<socket_places>(10);
  std::atomic<bool> throws{false};
  std::optional<proxy_door> door;      // on the loop
  std::vector<accepted_socket> passed; // and these
  strings failures;
};

} // namespace

// -- headers ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a header in one piece tells the client, and what "
                           "is behind it stays in the socket") {
  auto client = connect(text_header + "GET / HTTP/1.1\r\n");
  REQUIRE(passes(1));
  CHECK(last() == "192.0.2.7");
  CHECK(rest() == "GET / HTTP/1.1\r\n");
  CHECK(places->taken() == 1);
  CHECK(told().empty());
}

TEST_CASE_FIXTURE(fixture, "a header that comes later is read, too") {
  auto client = connect();
  make_turns();
  CHECK(count() == 0);
  client.send(binary('\x21', '\x11', addresses) + "\x16\x03");
  REQUIRE(passes(1));
  CHECK(last() == "198.51.100.7");
  CHECK(rest() == "\x16\x03");
}

TEST_CASE_FIXTURE(fixture, "a header may come byte by byte") {
  for (auto& header : {text_header, binary('\x21', '\x11', addresses)}) {
    auto before = count();
    auto client = connect();
    for (auto byte : header) {
      CHECK(count() == before);
      client.send({&byte, 1});
      make_turns();
    }
    CHECK(passes(before + 1));
    CHECK(rest() == "");
  }
  CHECK(told().empty());
}

TEST_CASE_FIXTURE(fixture, "what comes right behind a header of single bytes "
                           "is the client's") {
  auto client = connect(text_header.substr(0, 5));
  make_turns();
  client.send(text_header.substr(5) + text_header);
  REQUIRE(passes(1));
  CHECK(rest() == text_header);
}

TEST_CASE_FIXTURE(fixture, "whom a proxy does not name is unknown") {
  auto a = connect("PROXY UNKNOWN\r\n");
  REQUIRE(passes(1));
  CHECK(last() == "unknown");
  auto b = connect(binary('\x20', '\0', ""));
  REQUIRE(passes(2));
  CHECK(last() == "unknown");
  auto c = connect(binary('\x20', '\x11', addresses));
  REQUIRE(passes(3));
  CHECK(last() == "unknown");
}

TEST_CASE_FIXTURE(fixture, "the header tells whether the client speaks TLS") {
  auto plain = connect(binary('\x21', '\x11', addresses));
  REQUIRE(passes(1));
  CHECK(last() == "198.51.100.7");
  auto secure = connect(binary('\x21', '\x11', addresses + tls_field));
  REQUIRE(passes(2));
  CHECK(last() == "198.51.100.7 tls");
}

TEST_CASE_FIXTURE(fixture, "a client that says all and ends its half is passed "
                           "on with its end") {
  auto client = connect();
  client.send(text_header + "x");
  client.close();
  REQUIRE(passes(1));
  CHECK(rest() == "x");
  CHECK(told().empty());
}

TEST_CASE_FIXTURE(fixture, "a socket that was passed on may be watched "
                           "again") {
  struct watcher final : pollable {
    void on_ready(readiness what) override { saw = saw || what.readable; }
    std::atomic<bool> saw{false};
  } next;
  auto client = connect(text_header);
  REQUIRE(passes(1));
  auto fd = home.call([this] { return passed.back().descriptor.get(); });
  CHECK(home.call([&] { return home.sockets().add(fd, next); }));
  client.send("x");
  CHECK(holds_soon([&] { return next.saw.load(); }));
  home.call([&] { home.sockets().remove(fd, next); });
}

// -- failures -----------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "whoever sends no header is told of, and closed") {
  for (auto text :
       {"GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 x\r\n", "\r\n\r\n1"}) {
    auto client = connect(text);
    CHECK(client.receive() == "");
    CHECK(holds_soon([&] { return places->taken() == 0; }));
    auto all = told();
    REQUIRE(!all.empty());
    CHECK(all.back().starts_with("192.0.2.200 "));
  }
  CHECK(told().size() == 3);
  CHECK(count() == 0);
}

TEST_CASE_FIXTURE(fixture, "whoever ends within its header is told of") {
  const strings expected{"192.0.2.200 it ended within its header"};
  auto client = connect(text_header.substr(0, 20));
  SUBCASE("it closes later") {
    make_turns();
    client.close();
  }
  SUBCASE("it closes at once") {
    client.close();
  }
  SUBCASE("it ends its half only") {
    ::shutdown(client.descriptor(), SHUT_WR);
    CHECK(client.receive() == "");
  }
  CHECK(ends_with(expected));
  CHECK(count() == 0);
}

TEST_CASE_FIXTURE(fixture, "whoever leaves without a word is not told of") {
  auto a = connect();
  make_turns();
  a.close();
  auto b = connect();
  b.close();
  auto c = connect();
  ::shutdown(c.descriptor(), SHUT_WR);
  CHECK(ends_with({}));
  CHECK(count() == 0);
}

TEST_CASE_FIXTURE(fixture, "a reset of TCP ends it") {
  plain_listener listening;
  auto client = plain_socket::connect_to(listening.port());
  unique_fd mine{listening.accept().release()};
  ::fcntl(mine.get(), F_SETFL, O_NONBLOCK);
  begin(std::move(mine));
  make_turns();
  client.reset();
  CHECK(ends_with({}));
}

TEST_CASE_FIXTURE(fixture, "one that fails leaves the others alone") {
  auto a = connect("PRO"), b = connect(), c = connect("PROXY T");
  b.send("no");
  CHECK(holds_soon([this] { return places->taken() == 2; }));
  c.send(text_header.substr(7));
  a.send(text_header.substr(3));
  CHECK(passes(2));
  CHECK(told().size() == 1);
}

// -- time ---------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "whoever is silent until the deadline is told of, "
                           "and closed") {
  open(5ms);
  auto client = connect();
  CHECK(client.receive() == "");
  CHECK(ends_with({"192.0.2.200 it did not come in time"}));
}

TEST_CASE_FIXTURE(fixture, "more bytes do not move the deadline") {
  open(20ms);
  auto client = connect(signature + "\x21\x11\x0E\xFF");
  CHECK(holds_soon([&] { return !client.send("x") || !told().empty(); }));
  CHECK(ends_with({"192.0.2.200 it did not come in time"}));
}

TEST_CASE_FIXTURE(fixture, "a header in time ends the deadline") {
  open(200ms);
  auto client = connect(text_header);
  REQUIRE(passes(1));
  alarm later;
  home.call([&] { home.set_timer(later, home.now() + 250ms); });
  CHECK(holds_soon([&] { return later.rang.load(); }));
  CHECK(told().empty());
  CHECK(client.send("x"));
  CHECK(rest() == "x");
}

// -- ends ---------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a node that stops drops them, without a word") {
  auto a = connect(), b = connect("PROXY");
  make_turns();
  SUBCASE("at once, as they are idle") {
    home.call([this] { home.abort_sockets(true); });
  }
  SUBCASE("in the end") {
    home.call([this] { home.abort_sockets(false); });
  }
  CHECK(a.receive() == "");
  CHECK(b.receive() == "");
  CHECK(ends_with({}));
}

TEST_CASE_FIXTURE(fixture, "one that was passed on is no longer the door's to "
                           "drop") {
  auto client = connect(text_header);
  REQUIRE(passes(1));
  home.call([this] { home.abort_sockets(false); });
  CHECK(places->taken() == 1);
  CHECK(client.send("x"));
}

TEST_CASE_FIXTURE(fixture, "with the door its sockets end") {
  auto a = connect(), b = connect("PROXY");
  make_turns();
  close();
  CHECK(a.receive() == "");
  CHECK(b.receive() == "");
  CHECK(failures.empty());
}

TEST_CASE_FIXTURE(fixture, "a session that cannot start closes the socket") {
  throws = true;
  auto client = connect(text_header);
  CHECK(client.receive() == "");
  CHECK(ends_with({}));
  throws = false;
  auto next = connect(text_header);
  CHECK(passes(1));
}

} // namespace wsrelay::proxy_door_test
