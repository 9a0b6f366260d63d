// A call to an upstream: request, answer, what is no answer.
#include "test/net/http/upstream_fixture.hpp"

namespace wsrelay::upstream_test {

using namespace wsrelay::test;

using fixture = upstream_fixture;

TEST_CASE_FIXTURE(fixture, "an answer comes back with its status, fields and "
                           "body") {
  serve("HTTP/1.1 403 No\r\nX-A: b\r\nContent-Length: 2\r\n"
        "Connection: close\r\nKeep-Alive: x\r\n\r\nno");
  auto got = response();
  CHECK(got.status == 403);
  CHECK(got.body.view() == "no");
  CHECK(got.headers == http_fields{{"X-A", "b"}});
}

TEST_CASE_FIXTURE(fixture, "a chunked answer comes back as a whole, without "
                           "its trailer") {
  serve("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-B\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\nX-B: 1\r\nX-WS-Relay: {}\r\n\r\n");
  auto got = response();
  CHECK(got.body.view() == "abcde");
  CHECK(got.headers.empty());
}

TEST_CASE_FIXTURE(fixture, "an answer without a length ends with the socket") {
  serve("HTTP/1.1 200 OK\r\n\r\nto the end");
  CHECK(response().body.view() == "to the end");
}

TEST_CASE_FIXTURE(fixture, "an answer may come byte by byte") {
  ask();
  auto peer = server.accept();
  peer.receive_until("\r\n\r\n");
  for (auto c : std::string_view{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
                                 "abc"}) {
    peer.send({&c, 1});
    wait_for_turns(home, 1);
  }
  CHECK(response().body.view() == "abc");
}

TEST_CASE_FIXTURE(fixture, "interim answers are skipped") {
  serve("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n"
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  auto got = response();
  CHECK(got.status == 200);
  CHECK(got.headers.empty());
}

TEST_CASE_FIXTURE(fixture, "the request goes below the upstream's path") {
  auto seen = serve("HTTP/1.1 204 OK\r\n\r\n");
  CHECK(seen.starts_with("GET /base/ws?a=b HTTP/1.1\r\n"));
  CHECK(contains(seen, "Host: 127.0.0.1:"));
  CHECK(contains(seen, "Cookie: c=1\r\n"));
  CHECK(contains(seen, "X-Forwarded-For: 192.0.2.7\r\n"));
  CHECK(response().status == 204);
}

TEST_CASE_FIXTURE(fixture, "a path that leaves the upstream's is refused, not "
                           "at once") {
  request.target = "/%2e%2e/secret";
  std::atomic<bool> told{false};
  home.call([&] {
    call = client->ask(std::make_shared<upstream_handler>(upstream), request,
                       {}, [&](auto result) {
                         CHECK(std::get<problem>(result).status == 400);
                         told = true;
                       });
    CHECK(!told);
  });
  CHECK(holds_soon([&] { return told.load(); }));
}

TEST_CASE_FIXTURE(fixture, "a body goes with the request") {
  request.method = "POST";
  request.body = shared_buffer{"some body"};
  ask();
  auto peer = server.accept();
  CHECK(contains(peer.receive_until("\r\n\r\n"), "Content-Length: 9\r\n"));
  CHECK(peer.receive_exactly(9) == "some body");
  peer.send("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(response().status == 201);
}

TEST_CASE_FIXTURE(fixture, "an answer to HEAD has a length and no body") {
  request.method = "HEAD";
  serve("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  auto got = full_answer();
  CHECK(got.response.body.empty());
  CHECK(got.length == 1000);
  CHECK(got.response.headers.empty());
}

TEST_CASE_FIXTURE(fixture, "a server that is not there is a bad gateway") {
  server.close();
  ask();
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "what is no HTTP is a bad gateway") {
  SUBCASE("nothing") {
    serve("");
  }
  SUBCASE("another protocol") {
    serve("SSH-2.0-x\r\n\r\n");
  }
  SUBCASE("half a header") {
    serve("HTTP/1.1 200 OK\r\nX-A:");
  }
  SUBCASE("half a body") {
    serve("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  }
  SUBCASE("half a chunk") {
    serve("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
  }
  SUBCASE("no number") {
    serve("HTTP/1.1 abc OK\r\n\r\n");
  }
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "an answer that is not final is a bad gateway") {
  serve("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "an answer over the limit is a bad gateway") {
  upstream.max_response_size = 10;
  SUBCASE("told") {
    serve("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n");
  }
  SUBCASE("not told") {
    serve("HTTP/1.1 200 OK\r\n\r\n12345678901");
  }
  SUBCASE("in chunks") {
    serve("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "a\r\n1234567890\r\n1\r\n1\r\n0\r\n\r\n");
  }
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "an answer of just the limit passes") {
  upstream.max_response_size = 10;
  SUBCASE("one below") {
    serve("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789");
    CHECK(response().body.size() == 9);
  }
  SUBCASE("told") {
    serve("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234567890");
    CHECK(response().body.size() == 10);
  }
  SUBCASE("not told") {
    serve("HTTP/1.1 200 OK\r\n\r\n1234567890");
    CHECK(response().body.size() == 10);
  }
}

// Sends without an end until the relay has had enough.
TEST_CASE_FIXTURE(fixture, "an answer that never ends is a bad gateway") {
  std::string start = "HTTP/1.1 200 OK\r\n";
  std::string piece;
  SUBCASE("in its header") {
    piece = "X-A: " + std::string(1000, 'a') + "\r\n";
  }
  SUBCASE("in one field") {
    start += "X-A: ";
    piece = std::string(1000, 'a');
  }
  SUBCASE("in interim answers") {
    start.clear();
    piece = "HTTP/1.1 100 Continue\r\n\r\n";
  }
  SUBCASE("in its trailer") {
    start += "Transfer-Encoding: chunked\r\n\r\n0\r\n";
    piece = "X-A: " + std::string(1000, 'a') + "\r\n";
  }
  SUBCASE("in a chunk's extension") {
    start += "Transfer-Encoding: chunked\r\n\r\n1;";
    piece = std::string(1000, 'a');
  }
  SUBCASE("in a chunk's size") {
    start += "Transfer-Encoding: chunked\r\n\r\n";
    piece = std::string(1000, '0');
  }
  ask();
  auto peer = server.accept();
  peer.receive_until("\r\n\r\n");
  peer.send(start);
  std::size_t sent = 0;
  while (answer.wait_for(0s) == std::future_status::timeout) {
    REQUIRE(sent < 100'000'000);
    peer.send(piece);
    sent += piece.size();
  }
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "a reset is a bad gateway") {
  ask();
  auto peer = server.accept();
  peer.receive_until("\r\n\r\n");
  peer.reset();
  CHECK(refusal().status == 502);
}

} // namespace wsrelay::upstream_test
