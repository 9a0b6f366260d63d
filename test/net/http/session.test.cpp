// Requests and their answers on one stream.
#include "test/net/http/session_fixture.hpp"

namespace wsrelay::http_session_test {

using namespace wsrelay::test;

namespace {

struct fixture : session_fixture {
  fixture() { start(); }

  void answer(http_response response) {
    host->answer(std::move(response));
    turn();
  }
};

constexpr std::string_view get = "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n";

} // namespace

TEST_CASE_FIXTURE(fixture, "a request is answered, and the next one awaited") {
  receive(get);
  REQUIRE(host->questions.size() == 1);
  CHECK(host->questions[0].request.path == "/a");
  CHECK(host->questions[0].request.query == "b");
  CHECK(host->questions[0].peer == "192.0.2.1");
  CHECK(host->tasks == 1);
  answer(text("hello"));
  CHECK(host->tasks == 0);
  CHECK(take_output()
        == "HTTP/1.1 200 OK\r\nServer: wsrelay\r\nContent-Length: 5\r\n\r\n"
           "hello");
  receive(get);
  CHECK(host->questions.size() == 2);
}

TEST_CASE_FIXTURE(fixture, "an answer that is there at once goes out") {
  host->at_once = text("now");
  receive(get);
  CHECK(answered("200"));
  CHECK(!record.closed);
}

TEST_CASE_FIXTURE(fixture, "pipelined requests are answered one after the "
                           "other") {
  receive(std::string{get} + std::string{get});
  CHECK(host->questions.size() == 1);
  answer(text("one"));
  CHECK(take_output().ends_with("one"));
  REQUIRE(host->questions.size() == 2);
  answer(text("two"));
  CHECK(take_output().ends_with("two"));
}

TEST_CASE_FIXTURE(fixture, "while a request is handled little of the next ones "
                           "is read") {
  receive(get);
  receive(get);
  CHECK(!record.wanted);
  CHECK(record.held == get);
  answer(text("one"));
  CHECK(host->questions.size() == 2);
}

TEST_CASE_FIXTURE(fixture, "a client that wants it gets the last answer, and "
                           "the end") {
  SUBCASE("by its word") {
    receive("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  }
  SUBCASE("by its version") {
    receive("GET / HTTP/1.0\r\n\r\n");
  }
  answer(text("bye"));
  CHECK(take_output()
        == "HTTP/1.1 200 OK\r\nServer: wsrelay\r\nContent-Length: 3\r\n"
           "Connection: close\r\n\r\nbye");
  CHECK(record.output_ended);
  CHECK(!record.closed);
  receive_end();
  CHECK(record.closed);
}

TEST_CASE_FIXTURE(fixture, "a server that stops says so with each answer") {
  receive(get);
  host->stopping = true;
  answer(text("bye"));
  CHECK(take_output().find("Connection: close") != std::string::npos);
  CHECK(record.output_ended);
}

TEST_CASE_FIXTURE(fixture, "a server that stops behind an answer closes who "
                           "sends nothing more") {
  receive(get);
  host->answer(text("kept"));
  host->stopping = true;
  SUBCASE("at once") {
    turn();
    CHECK(record.closed);
  }
  SUBCASE("and lets the others read their answer first") {
    receive(get);
    CHECK(record.output_ended);
    CHECK(!record.closed);
  }
  CHECK(take_output().ends_with("kept"));
}

TEST_CASE_FIXTURE(fixture, "who waits for an answer when a server has no time "
                           "left is told so") {
  receive(get);
  host->stopping = true;
  SUBCASE("if the kernel takes it") {}
  SUBCASE("and holds nobody when it does not") {
    record.room = 0;
  }
  record.events->on_abort();
  CHECK(host->tasks == 0);
  CHECK(record.closed);
  CHECK(host->bad == std::vector<std::string>{"503 shutdown"});
  auto output = take_output();
  CHECK(output.empty() == (record.room == 0));
  if (output.empty())
    return;
  CHECK(output.starts_with("HTTP/1.1 503 "));
  CHECK(output.find("Connection: close") != std::string::npos);
  CHECK(output.ends_with("}"));
}

TEST_CASE_FIXTURE(fixture, "who was asked for a body when a server has no time "
                           "left is told so") {
  receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
          "Expect: 100-continue\r\n\r\n");
  CHECK(take_output().starts_with("HTTP/1.1 100 "));
  host->stopping = true;
  record.events->on_abort();
  CHECK(record.closed);
  CHECK(take_output().starts_with("HTTP/1.1 503 "));
}

TEST_CASE_FIXTURE(fixture, "a client that leaves a server that stops is told "
                           "nothing") {
  receive(get);
  host->stopping = true;
  receive_end();
  CHECK(record.closed);
  CHECK(take_output().empty());
}

TEST_CASE_FIXTURE(fixture, "HEAD and statuses without a body have none") {
  SUBCASE("HEAD, of a body that is known") {
    receive("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    answer(text("hello"));
    CHECK(take_output()
          == "HTTP/1.1 200 OK\r\nServer: wsrelay\r\nContent-Length: 5\r\n\r\n");
  }
  SUBCASE("HEAD, of one that is not") {
    receive("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    answer({});
    CHECK(take_output() == "HTTP/1.1 200 OK\r\nServer: wsrelay\r\n\r\n");
  }
  SUBCASE("HEAD, of one that somebody else knows") {
    receive("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    host->answer({}, nullptr, 123);
    turn();
    CHECK(take_output()
          == "HTTP/1.1 200 OK\r\nServer: wsrelay\r\nContent-Length: "
             "123\r\n\r\n");
  }
  SUBCASE("204") {
    receive(get);
    auto response = text("none");
    response.status = 204;
    answer(response);
    CHECK(take_output()
          == "HTTP/1.1 204 No Content\r\nServer: wsrelay\r\n\r\n");
  }
  SUBCASE("304") {
    receive(get);
    auto response = text("none");
    response.status = 304;
    answer(response);
    CHECK(take_output()
          == "HTTP/1.1 304 Not Modified\r\nServer: wsrelay\r\n\r\n");
  }
  receive(get);
  CHECK(host->questions.size() == 2);
}

TEST_CASE_FIXTURE(fixture, "a client that waits for it is told to go on") {
  receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
          "Expect: 100-continue\r\n\r\n");
  CHECK(take_output() == "HTTP/1.1 100 Continue\r\n\r\n");
  receive("ab");
  REQUIRE(host->questions.size() == 1);
  CHECK(host->questions[0].request.body.view() == "ab");
  answer(text(""));
  CHECK(answered("200"));
}

TEST_CASE_FIXTURE(fixture, "a client that does not wait is not told") {
  receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
          "Expect: 100-continue\r\n\r\nab");
  CHECK(take_output().empty());
  CHECK(host->questions.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "what cannot be read is answered, and the stream "
                           "ends") {
  SUBCASE("no HTTP") {
    receive("hello\r\n\r\n");
    CHECK(answered("400"));
    CHECK(host->bad == std::vector<std::string>{"400 request"});
  }
  SUBCASE("too large a body") {
    host->limits_.body_size = 10;
    receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n");
    CHECK(answered("413"));
  }
  SUBCASE("too large a header") {
    receive("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(70'000, 'x'));
    CHECK(answered("431"));
  }
  CHECK(record.output_ended);
  receive("and more");
  CHECK(host->questions.empty());
  receive_end();
  CHECK(record.closed);
}

TEST_CASE_FIXTURE(fixture, "a client that leaves while its request is handled "
                           "ends the search for an answer") {
  receive(get);
  REQUIRE(host->tasks == 1);
  SUBCASE("at once") {
    receive_end();
  }
  SUBCASE("behind a further request") {
    receive(get);
    receive_end();
  }
  CHECK(host->tasks == 0);
  CHECK(record.closed);
  host->answer(text("late"));
  CHECK(take_output().empty());
}

TEST_CASE_FIXTURE(fixture, "a client that closes its side gets the answers to "
                           "what it sent") {
  host->at_once = text("yes");
  stream->receive(std::string{get} + std::string{get});
  stream->receive_end();
  turn();
  auto output = take_output();
  CHECK(output.find("yes") != output.rfind("yes"));
  CHECK(record.closed);
}

TEST_CASE_FIXTURE(fixture, "an upgraded request gives the stream away, with "
                           "what stands behind it") {
  receive("GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Key: k\r\n\r\nframes");
  host->admit();
  REQUIRE(host->upgraded);
  CHECK(host->upgraded.get() == stream);
  CHECK(host->upgrade_key == "k");
  CHECK(host->endpoint == "endpoint");
  CHECK(record.held == "frames");
  CHECK(!record.closed);
  CHECK(!home.has_timer());
  CHECK(host.use_count() == 1);
  record.events = nullptr;
}

TEST_CASE_FIXTURE(fixture, "what its host throws ends the stream") {
  host->throws = true;
  CHECK_THROWS(receive(get)); // a stream_socket calls on_abort then
  record.events->on_abort();
  turn();
  CHECK(record.closed);
}

TEST_CASE_FIXTURE(fixture, "an aborted stream closes whatever it does") {
  SUBCASE("waiting") {}
  SUBCASE("reading") {
    receive("GET / HT");
  }
  SUBCASE("handling") {
    receive(get);
  }
  SUBCASE("writing") {
    receive(get);
    record.room = 0;
    answer(text("hello"));
  }
  SUBCASE("lingering") {
    receive("GET / HTTP/1.0\r\n\r\n");
    answer(text("hello"));
  }
  record.events->on_abort();
  turn();
  CHECK(record.closed);
  CHECK(!home.has_timer());
}

TEST_CASE_FIXTURE(fixture, "only who waits for a request is idle") {
  CHECK(record.events->is_idle());
  receive("GET / HT");
  CHECK(record.events->is_idle());
  receive("TP/1.1\r\nHost: h\r\n\r\n");
  CHECK(!record.events->is_idle());
  record.room = 0;
  answer(text("hello"));
  CHECK(!record.events->is_idle());
  record.room = SIZE_MAX;
  turn();
  CHECK(record.events->is_idle());
}

} // namespace wsrelay::http_session_test
