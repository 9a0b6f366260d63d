// Connections to upstreams that are kept for later calls.
#include "test/net/http/upstream_fixture.hpp"

namespace wsrelay::upstream_pool_test {

using namespace wsrelay::test;

namespace {

constexpr std::string_view kept = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                                  "ok";

struct fixture : upstream_fixture {
  // Answers one request on a connection that exists.
  void serve_on(plain_socket& peer, std::string_view text = kept) {
    REQUIRE(contains(peer.receive_until("\r\n\r\n"), " HTTP/1.1\r\n"));
    peer.send(text);
  }

  // A whole call on a new connection, which is returned.
  plain_socket first_call(std::string_view text = kept) {
    ask();
    auto peer = server.accept();
    serve_on(peer, text);
    CHECK(response().body.view() == "ok");
    return peer;
  }

  // Whether a call uses `peer`.
  bool uses(plain_socket& peer) {
    ask();
    serve_on(peer);
    return response().body.view() == "ok";
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a connection is used again") {
  auto peer = first_call();
  CHECK(idle_count() == 1);
  for (int i = 0; i < 10; ++i)
    CHECK(uses(peer));
  CHECK(idle_count() == 1);
}

TEST_CASE_FIXTURE(fixture, "a connection is used again after an answer in "
                           "chunks") {
  auto peer = first_call("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n"
                         "\r\n2\r\nok\r\n0\r\nX-A: b\r\n\r\n");
  CHECK(uses(peer));
}

TEST_CASE_FIXTURE(fixture, "a connection is closed when it is not to stay") {
  plain_socket peer;
  SUBCASE("the server says so") {
    peer = first_call("HTTP/1.1 200 OK\r\nConnection: close\r\n"
                      "Content-Length: 2\r\n\r\nok");
  }
  SUBCASE("HTTP/1.0") {
    peer = first_call("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
  SUBCASE("more came than the answer") {
    peer = first_call(std::string{kept} + "HTTP/1.1 200 OK\r\n");
  }
  SUBCASE("a body was refused, and may never be read") {
    request.method = "POST";
    request.body = "body";
    peer = first_call("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nok");
    CHECK(peer.receive_exactly(4) == "body");
  }
  SUBCASE("none is kept") {
    upstream.max_idle_connections = 0;
    peer = first_call();
  }
  CHECK(peer.receive() == "");
  CHECK(idle_count() == 0);
}

TEST_CASE_FIXTURE(fixture, "one that the server closes is dropped at once") {
  auto peer = first_call();
  peer.close();
  CHECK(holds_soon([&] { return idle_count() == 0; }));
}

TEST_CASE_FIXTURE(fixture, "one on which something comes unasked is dropped") {
  auto peer = first_call();
  peer.send("HTTP/1.1 408 Late\r\n\r\n");
  CHECK(holds_soon([&] { return idle_count() == 0; }));
  CHECK(peer.receive() == "");
}

TEST_CASE_FIXTURE(fixture, "one that ended in this very turn is not used") {
  auto peer = first_call();
  request.method = "POST";
  auto promise = std::make_shared<std::promise<upstream_result>>();
  answer = promise->get_future();
  home.call([&] {
    peer.close(); // the loop has no chance to see it
    call = client->ask(std::make_shared<upstream_handler>(upstream), request,
                       {}, [promise](upstream_result result) {
                         promise->set_value(std::move(result));
                       });
  });
  auto other = server.accept();
  serve_on(other);
  CHECK(response().status == 200);
}

TEST_CASE_FIXTURE(fixture, "one that nobody uses is closed after its time") {
  upstream.idle_timeout = 20ms;
  auto peer = first_call();
  CHECK(peer.receive() == "");
  CHECK(idle_count() == 0);
}

TEST_CASE_FIXTURE(fixture, "so many are kept, the newest") {
  std::size_t limit;
  SUBCASE("one") {
    limit = 1;
  }
  SUBCASE("two") {
    limit = 2;
  }
  SUBCASE("three") {
    limit = 3;
  }
  upstream.max_idle_connections = limit;
  std::vector<plain_socket> peers;
  std::vector<std::future<upstream_result>> answers;
  std::vector<std::shared_ptr<upstream_call>> calls;
  for (int i = 0; i < 3; ++i) {
    ask();
    answers.push_back(std::move(answer));
    calls.push_back(call);
    peers.push_back(server.accept());
  }
  for (std::size_t i = 0; i < 3; ++i) {
    serve_on(peers[i]);
    CHECK(answers[i].wait_for(patience) == std::future_status::ready);
  }
  CHECK(idle_count() == limit);
  for (std::size_t i = 0; i < 3 - limit; ++i)
    CHECK(peers[i].receive() == "");
  CHECK(uses(peers[2]));
}

TEST_CASE_FIXTURE(fixture, "upstreams share connections only if they are one "
                           "server") {
  auto peer = first_call();
  upstream.path = "/other";
  CHECK(uses(peer));
  upstream.host = "localhost";
  ask();
  auto other = server.accept();
  serve_on(other);
  response();
  CHECK(idle_count() == 2);
}

TEST_CASE_FIXTURE(fixture, "a request is sent again when a kept connection "
                           "ends under it") {
  auto peer = first_call();
  SUBCASE("with a FIN") {
    ask();
    peer.receive_until("\r\n\r\n");
    peer.close();
  }
  SUBCASE("with an RST") {
    ask();
    peer.receive_until("\r\n\r\n");
    peer.reset();
  }
  SUBCASE("PUT with its body") {
    request.method = "PUT";
    request.body = "body";
    ask();
    peer.receive_until("body");
    peer.close();
  }
  auto other = server.accept();
  auto seen = other.receive_until("\r\n\r\n");
  CHECK(contains(seen, request.method + " /base/ws?a=b "));
  CHECK(other.receive_exactly(request.body.size()) == request.body.view());
  other.send(kept);
  CHECK(response().status == 200);
}

TEST_CASE_FIXTURE(fixture, "a request is not sent a second time when it may "
                           "have had an effect") {
  plain_socket peer = first_call();
  SUBCASE("POST") {
    request.method = "POST";
    ask();
    peer.receive_until("\r\n\r\n");
    peer.close();
  }
  SUBCASE("an answer began") {
    ask();
    peer.receive_until("\r\n\r\n");
    peer.send("H");
    peer.close();
  }
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "a request is sent again once") {
  auto peer = first_call();
  ask();
  peer.receive_until("\r\n\r\n");
  peer.close();
  auto other = server.accept();
  other.receive_until("\r\n\r\n");
  other.close();
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "kept connections are idle sockets of the loop") {
  auto peer = first_call();
  SUBCASE("the loop drops what is idle") {
    home.call([&] { home.abort_sockets(true); });
    CHECK(idle_count() == 0);
  }
  SUBCASE("the client closes them") {
    home.call([&] { client->close_idle(); });
    CHECK(idle_count() == 0);
  }
  SUBCASE("the client ends") {
    home.call([&] { client.reset(); });
  }
  SUBCASE("the loop ends") {
    home.stop();
  }
  CHECK(peer.receive() == "");
}

} // namespace wsrelay::upstream_pool_test
