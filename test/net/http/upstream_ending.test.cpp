// How a call to an upstream ends: early, late, cancelled, with its loop.
#include "test/net/http/upstream_fixture.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace wsrelay::upstream_ending_test {

using namespace wsrelay::test;

namespace {

constexpr std::string_view too_large =
    "HTTP/1.1 413 No\r\nContent-Length: 2\r\n"
    "\r\nno";

// Listens on 127.0.0.2, but its queue is full: the kernel drops what comes.
class silent_listener {
public:
  explicit silent_listener(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    REQUIRE(::bind(sockets_[0], address, sizeof at) == 0);
    REQUIRE(::listen(sockets_[0], 0) == 0);
    for (std::size_t i = 1; i < sockets_.size(); ++i)
      ::connect(sockets_[i], address, sizeof at); // does not wait
  }

  ~silent_listener() {
    for (auto each : sockets_)
      ::close(each);
  }

private:
  static int open() {
    return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  }

  std::array<int, 4> sockets_{open(), open(), open(), open()};
};

struct fixture : upstream_fixture {
  // A call whose body does not fit into the sockets.
  plain_socket send_much() {
    request.method = "POST";
    request.body = shared_buffer{std::string(64 * 1024 * 1024, 'b')};
    ask();
    auto peer = server.accept();
    peer.receive_until("\r\n\r\n");
    return peer;
  }

  // A call of which the server has the request.
  plain_socket start() {
    ask();
    auto peer = server.accept();
    peer.receive_until("\r\n\r\n");
    return peer;
  }

  // Reads to the end; whether that came in time.
  static bool ends(plain_socket& peer) {
    do
      errno = 0; // the end leaves it alone
    while (!peer.receive().empty());
    return errno != EAGAIN;
  }

  // Lets names resolve when the promise is kept.
  std::promise<void> hold_names() {
    std::promise<void> result;
    name_resolver_options options;
    options.lookup = [gate = result.get_future().share()](auto&) {
      gate.wait();
      return name_result{
          std::vector{boost::asio::ip::make_address("127.0.0.1")}};
    };
    use_names(std::move(options));
    upstream.host = "slow.example";
    return result;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "an answer that comes before the request is sent "
                           "counts, and ends the connection") {
  auto peer = send_much();
  peer.send(too_large);
  auto got = response();
  CHECK(got.status == 413);
  CHECK(got.body.view() == "no");
  CHECK(idle_count() == 0);
  CHECK(ends(peer)); // the rest of the request is not sent
}

TEST_CASE_FIXTURE(fixture, "an answer counts when the server closes without "
                           "reading the request") {
  auto peer = send_much();
  peer.send(too_large);
  ::shutdown(peer.descriptor(), SHUT_WR);
  CHECK(response().status == 413);
}

TEST_CASE_FIXTURE(fixture, "a server that is silent times out") {
  upstream.response_timeout = 20ms;
  auto peer = start();
  CHECK(refusal().status == 504);
  CHECK(peer.receive() == "");
}

TEST_CASE_FIXTURE(fixture, "a server that never gets done times out") {
  upstream.response_timeout = 20ms;
  auto peer = start();
  std::string_view piece = "HTTP/1.1 200 OK\r\nX-A: ";
  while (answer.wait_for(0s) == std::future_status::timeout) {
    peer.send(piece);
    piece = "a";
    wait_for_turns(home, 1);
  }
  auto why = refusal();
  CHECK((why.status == 504 || why.status == 502)); // or the header is too large
}

TEST_CASE_FIXTURE(fixture, "a server that does not read times out") {
  upstream.response_timeout = 50ms;
  auto peer = send_much();
  CHECK(refusal().status == 504);
  CHECK(ends(peer));
}

TEST_CASE_FIXTURE(fixture, "a name that resolves too slowly times out") {
  auto names = hold_names();
  upstream.connect_timeout = 20ms;
  ask();
  CHECK(refusal().status == 504);
  names.set_value();
}

TEST_CASE_FIXTURE(fixture, "a name without addresses is a bad gateway") {
  name_resolver_options options;
  options.lookup = [](auto&) { return failure{"an internal reason"}; };
  use_names(std::move(options));
  upstream.host = "missing.example";
  ask();
  auto why = refusal();
  CHECK(why.status == 502);
  CHECK(why.detail == "the upstream's name is unknown");
}

TEST_CASE_FIXTURE(fixture, "all addresses of a name are tried") {
  name_resolver_options options;
  options.lookup = [](auto&) -> name_result {
    return std::vector{boost::asio::ip::make_address("127.0.0.2"),
                       boost::asio::ip::make_address("::1"),
                       boost::asio::ip::make_address("127.0.0.1")};
  };
  use_names(std::move(options));
  upstream.host = "three.example";
  auto seen = serve("HTTP/1.1 204 OK\r\n\r\n");
  CHECK(contains(seen, "Host: three.example:"));
  CHECK(response().status == 204);
}

TEST_CASE_FIXTURE(fixture, "an address that swallows everything leaves time "
                           "for the next") {
  silent_listener silent{server.port()};
  name_resolver_options options;
  options.lookup = [](auto&) -> name_result {
    return std::vector{boost::asio::ip::make_address("127.0.0.2"),
                       boost::asio::ip::make_address("127.0.0.1")};
  };
  use_names(std::move(options));
  upstream.host = "two.example";
  upstream.connect_timeout = 1s;
  serve("HTTP/1.1 204 OK\r\n\r\n");
  CHECK(response().status == 204);
}

TEST_CASE_FIXTURE(fixture, "a server that does not accept times out") {
  silent_listener silent{server.port()};
  upstream.host = "127.0.0.2";
  upstream.connect_timeout = 20ms;
  ask();
  CHECK(refusal().status == 504);
}

TEST_CASE_FIXTURE(fixture, "a call that is cancelled closes its connection and "
                           "says nothing") {
  auto peer = start();
  SUBCASE("cancelled") {
    home.call([&] { call->cancel(); });
  }
  SUBCASE("twice") {
    home.call([&] {
      call->cancel();
      call->cancel();
    });
  }
  SUBCASE("destroyed") {
    home.call([&] { call.reset(); });
  }
  SUBCASE("half of an answer is there") {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    make_turns();
    home.call([&] { call.reset(); });
  }
  CHECK(peer.receive() == "");
  CHECK_THROWS_AS(answer.get(), std::future_error); // `done` is gone
}

TEST_CASE_FIXTURE(fixture, "a call can be cancelled before it has a "
                           "connection") {
  auto names = hold_names();
  ask();
  home.call([&] { call.reset(); });
  CHECK_THROWS_AS(answer.get(), std::future_error);
  names.set_value();
  make_turns();
}

TEST_CASE_FIXTURE(fixture, "a call can be dropped by its own answer") {
  auto told = std::make_shared<std::promise<void>>();
  home.call([&] {
    call = client->ask(std::make_shared<upstream_handler>(upstream), request,
                       {}, [this, told](auto) {
                         call.reset();
                         told->set_value();
                       });
  });
  auto peer = server.accept();
  peer.receive_until("\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(told->get_future().wait_for(patience) == std::future_status::ready);
  CHECK(idle_count() == 1);
}

TEST_CASE_FIXTURE(fixture, "an answer that nobody can take hurts nobody else") {
  auto told = std::make_shared<std::promise<void>>();
  home.call([&] {
    call = client->ask(std::make_shared<upstream_handler>(upstream), request,
                       {}, [told](auto) {
                         told->set_value();
                         throw std::runtime_error{"no"};
                       });
  });
  auto peer = server.accept();
  peer.receive_until("\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(told->get_future().wait_for(patience) == std::future_status::ready);
  make_turns();
  ask();
  peer.receive_until("\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(response().status == 200);
}

TEST_CASE_FIXTURE(fixture, "a call ends when the node drops its sockets") {
  auto peer = start();
  SUBCASE("not as an idle one") {
    home.call([&] { home.abort_sockets(true); });
    CHECK(is_waiting());
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    CHECK(response().status == 200);
  }
  SUBCASE("the call is told") {
    home.drop_sockets();
    CHECK(peer.receive() == "");
    CHECK(refusal().status == 503);
  }
  SUBCASE("the call is cancelled meanwhile") {
    home.call([&] {
      home.abort_sockets(false);
      call->cancel();
    });
    CHECK(peer.receive() == "");
    CHECK_THROWS_AS(answer.get(), std::future_error);
  }
}

TEST_CASE_FIXTURE(fixture, "calls that outlive their client or their loop "
                           "touch neither") {
  auto peer = start();
  SUBCASE("the client") {
    home.call([&] { client.reset(); });
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    CHECK(response().status == 200);
  }
  SUBCASE("the loop") {
    home.stop();
    CHECK(peer.receive() == "");
    CHECK(answer.wait_for(0s) == std::future_status::timeout);
  }
}

TEST_CASE_FIXTURE(fixture, "a call may be dropped after its loop is gone") {
  std::shared_ptr<upstream_call> held;
  std::optional<loop> other;
  other.emplace(system, 1h);
  other->start("other");
  auto names = std::make_shared<name_resolver>();
  auto theirs = other->call(
      [&] { return std::make_unique<upstream_client>(*other, names); });
  held = other->call([&] {
    return theirs->ask(std::make_shared<upstream_handler>(upstream), request,
                       {}, [](auto) {});
  });
  auto peer = server.accept();
  peer.receive_until("\r\n\r\n");
  other->stop();
  theirs.reset();
  other.reset();
  held.reset();
  CHECK(peer.receive() == "");
}

} // namespace wsrelay::upstream_ending_test
