// Which requests are read, and how; their bounds are in
// request_reader_limits.test.cpp.
#include "net/http/request_reader.hpp"

#include "test/net/http/reader_support.hpp"

#include <doctest/doctest.h>

namespace wsrelay::request_reader_test {

using namespace wsrelay::test;
using event = request_reader::event;

namespace {

std::string get(std::string_view target, std::string_view host = "h") {
  return "GET " + std::string{target}
         + " HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n";
}

std::string with(std::string_view fields, std::string_view body = "") {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n\r\n"
         + std::string{body};
}

} // namespace

TEST_CASE("a request is told when its header is complete, and when it is") {
  request_reader reader{{}};
  std::string_view bytes = "POST /a?b=c HTTP/1.1\r\nHost: h\r\n"
                           "Content-Length: 5\r\n\r\nhelloGET";
  CHECK(!reader.has_begun());
  CHECK(reader.next(bytes) == event::header);
  CHECK(bytes == "helloGET");
  CHECK(reader.has_begun());
  CHECK(reader.next(bytes) == event::done);
  CHECK(bytes == "GET");
  CHECK(!reader.has_begun());
  CHECK(reader.next(bytes) == event::done);
  auto request = reader.take();
  CHECK(request.method == "POST");
  CHECK(request.target == "/a?b=c");
  CHECK(request.path == "/a");
  CHECK(request.query == "b=c");
  CHECK(joined(request.headers) == "Host: h|Content-Length: 5|");
  CHECK(request.body.view() == "hello");
  CHECK(!reader.has_begun());
  CHECK(reader.next(bytes) == event::none);
  CHECK(bytes.empty());
  CHECK(reader.has_begun());
}

TEST_CASE("a request without a body is complete with its header") {
  request_reader reader{{}};
  auto text = get("/");
  std::string_view bytes = text;
  CHECK(reader.next(bytes) == event::header);
  CHECK(reader.next(bytes) == event::done);
  CHECK(joined(reader.take().headers) == "Host: h|");
}

TEST_CASE("requests follow each other in one piece") {
  request_log log;
  log.read(get("/1") + with("Content-Length: 1", "x") + get("/2"));
  CHECK(log.events
        == std::vector<std::string>{
            "header", "GET /1 (/1)() Host: h|  keep", "header",
            "POST / (/)() Host: h|Content-Length: 1| x keep", "header",
            "GET /2 (/2)() Host: h|  keep"});
}

TEST_CASE("after a failure nothing is read") {
  request_reader reader{{}};
  std::string_view bytes = "\x16\x03\x01 TLS";
  CHECK(reader.next(bytes) == event::failed);
  CHECK(reader.error().status == 400);
  CHECK(reader.error().check == "request");
  auto good = get("/");
  bytes = good;
  CHECK(reader.next(bytes) == event::failed);
  CHECK(bytes == good);
}

TEST_CASE("chunks become one body, without a length") {
  auto request = read_request(with("Transfer-Encoding: Chunked",
                                   "3\r\nabc\r\n00A;x=y\r\n0123456789\r\n"
                                   "0\r\n\r\n"));
  CHECK(request.body.view() == "abc0123456789");
  CHECK(joined(request.headers) == "Host: h|");
}

TEST_CASE("a length of zero is a length") {
  auto request = read_request(with("Content-Length: 0"));
  CHECK(joined(request.headers) == "Host: h|Content-Length: 0|");
}

TEST_CASE("the same length twice is one (RFC 9112 section 6.3)") {
  for (std::string_view fields : {"Content-Length: 2\r\nContent-Length: 2",
                                  "Content-Length: 2, 2", "content-length: 02"})
    CHECK(joined(read_request(with(fields, "ab")).headers)
          == "Host: h|Content-Length: 2|");
}

TEST_CASE("lengths that are none or differ are 400 (RFC 9112 section 6.3)") {
  for (std::string_view value :
       {"1\r\nContent-Length: 2", "1, 2", "-1", "+1", "0x1", "1 1", "", "1,",
        "18446744073709551616", "a"})
    CHECK_MESSAGE(status_of(with("Content-Length: " + std::string{value}, "ab"))
                      == 400,
                  value);
}

TEST_CASE("only the coding chunked alone is known (RFC 9112 section 6.1)") {
  auto coded = [](std::string_view value) {
    return status_of(
        with("Transfer-Encoding: " + std::string{value}, "0\r\n\r\n"));
  };
  CHECK(coded("chunked") == 0);
  CHECK(coded(" \tCHUNKED \t") == 0);
  for (std::string_view value :
       {"gzip, chunked", "gzip", "identity", "x, y, chunked",
        "gzip\r\nTransfer-Encoding: chunked"})
    CHECK_MESSAGE(coded(value) == 501, value);
  for (std::string_view value :
       {"chunked;q=1", "chunked, chunked", "chunked, gzip", "", ",chunked",
        "chunked,", "\"chunked\"", "gz ip, chunked", "chunked chunked",
        "chunked\r\nTransfer-Encoding: chunked", "chun\vked",
        "\xA0"
        "chunked",
        "chunked\r\nContent-Length: 5"})
    CHECK_MESSAGE(coded(value) == 400, value);
  CHECK(status_of(with("Content-Length: 5\r\nTransfer-Encoding: chunked",
                       "0\r\n\r\n"))
        == 400);
  CHECK(status_of(with("Content-Length: 5\r\nTransfer-Encoding: gzip")) == 400);
}

TEST_CASE("HTTP/1.0 has no chunks, no expectation, no upgrade, no keep-alive") {
  CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
        == 400);
  request_log log;
  log.read("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n"
           "Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\n\r\nx");
  REQUIRE(log.requests.size() == 1);
  CHECK(log.events.front() == "header");
  CHECK(!find_field(log.requests[0].headers, "Upgrade"));
  CHECK(!log.reader.keep_alive());
}

TEST_CASE("a trailer is dropped, whatever it is called") {
  auto request = read_request(
      with("Transfer-Encoding: chunked\r\nTrailer: X",
           "1\r\nx\r\n0\r\nX-WS-Relay: {}\r\nHost: other\r\nOrigin: o\r\n"
           "Content-Length: 7\r\nTransfer-Encoding: gzip\r\n"
           "Connection: close\r\nUpgrade: websocket\r\n\r\n"));
  CHECK(request.body.view() == "x");
  CHECK(joined(request.headers) == "Host: h|");
}

TEST_CASE("a trailer does not end the connection") {
  request_log log;
  log.read(
      with("Transfer-Encoding: chunked", "0\r\nConnection: close\r\n\r\n"));
  CHECK(log.requests.size() == 1);
  CHECK(log.reader.keep_alive());
}

TEST_CASE("a trailer that is none is 400") {
  for (std::string_view line :
       {"no colon", "a b: c", ": c", " a: b", "a : b", "a: \x01"})
    CHECK_MESSAGE(status_of(with("Transfer-Encoding: chunked",
                                 "0\r\n" + std::string{line} + "\r\n\r\n"))
                      == 400,
                  line);
}

TEST_CASE("malformed chunks are 400") {
  for (std::string_view text :
       {"\r\n", "x\r\n", "-1\r\n", " 1\r\nx\r\n", "1 x\r\n", "1\nx\n",
        "10000000000000000\r\n", "1;\r\n", "1;a=\"\r\n", "0;a=\"\r\n\r\n",
        "1;a=\"\x01\"\r\n", "1\r\nxy\r\n", "1\r\nx1\r\n", "1\r\nx\r\n\r\n",
        "0;=\r\n", "0x1\r\nx\r\n"})
    CHECK_MESSAGE(status_of(with("Transfer-Encoding: chunked", text)) == 400,
                  text);
}

TEST_CASE("later versions of HTTP/1 are read as 1.1, others are 505") {
  for (auto digit : {'1', '2', '5', '9'}) {
    std::string text = "GET / HTTP/1.?\r\nHost: h\r\n\r\n";
    text[text.find('?')] = digit;
    CHECK(status_of(text) == 0);
  }
  for (std::string_view version : {"0.9", "2.0", "3.0", "9.9"})
    CHECK_MESSAGE(
        status_of("GET / HTTP/" + std::string{version} + "\r\nHost: h\r\n\r\n")
            == 505,
        version);
  CHECK(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
  for (std::string_view version :
       {"HTTP/1", "HTTP/1.", "HTTP/1.10", "HTTP/11", "http/1.1", "HTTP/1.x",
        "HTTP/1.1 ", " HTTP/1.1", "HTTP / 1.1", ""})
    CHECK_MESSAGE(
        status_of("GET / " + std::string{version} + "\r\nHost: h\r\n\r\n")
            == 400,
        version);
  CHECK(status_of("GET /\r\n\r\n") == 400);
}

TEST_CASE("a request keeps the connection unless it says close") {
  auto keeps = [](std::string_view bytes) {
    request_log log;
    log.read(bytes);
    return log.reader.keep_alive();
  };
  CHECK(keeps(get("/")));
  CHECK(keeps("GET / HTTP/1.2\r\nHost: h\r\n\r\n"));
  CHECK(!keeps(with("Connection: x, Close")));
  CHECK(!keeps("GET / HTTP/1.0\r\nHost: h\r\n\r\n"));
}

TEST_CASE("empty lines before a request are no part of it (RFC 9112 2.2)") {
  std::string_view lines = "\r\n\r\n";
  request_reader reader{{}};
  CHECK(reader.next(lines) == event::none);
  CHECK(lines.empty());
  CHECK(!reader.has_begun());
  auto text = get("/");
  std::string_view bytes = text;
  CHECK(reader.next(bytes) == event::header);
  auto empty_lines = [](int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
      out += "\r\n";
    return out;
  };
  CHECK(status_of(empty_lines(7) + get("/")) == 0);
  CHECK(status_of(empty_lines(8) + get("/")) == 0);
  CHECK(status_of(empty_lines(9) + get("/")) == 400);
  // Counted anew for each request.
  CHECK(status_of(empty_lines(8) + get("/") + empty_lines(8) + get("/")) == 0);
  CHECK(status_of("\r" + get("/")) == 400);
  CHECK(status_of("\n" + get("/")) == 400);
}

TEST_CASE("a client that expects to be told to go on") {
  auto told = [](std::string_view fields) {
    request_log log;
    log.read(with(fields));
    return log.events.front();
  };
  CHECK(told("Content-Length: 1\r\nExpect: 100-Continue") == "continue");
  CHECK(told("Transfer-Encoding: chunked\r\nExpect: 100-continue")
        == "continue");
  CHECK(told("Expect: 100-continue") == "header");
  CHECK(told("Content-Length: 0\r\nExpect: 100-continue") == "header");
  CHECK(told("Content-Length: 1\r\nExpect: x") == "failed 417");
  CHECK(told("Expect: 100-continue, x") == "failed 417");
  CHECK(told("Expect: 100-continue\r\nExpect: x") == "failed 417");
}

TEST_CASE("a proxy that speaks the PROXY protocol to nobody is told so") {
  auto detail = [](std::string_view bytes) {
    request_reader reader{{}};
    while (reader.next(bytes) != event::failed && !bytes.empty()) {
    }
    return reader.error().detail;
  };
  auto expected = "a PROXY header, and this port has no proxy_protocol";
  CHECK(detail("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n")
        == expected);
  CHECK(detail("PROXY UNKNOWN\r\n") == expected);
  CHECK(detail({"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16}) == expected);
  CHECK(detail("PROXY / HTTP/1.1\r\n\r\n")
        == "the request needs one valid Host");
}

} // namespace wsrelay::request_reader_test
