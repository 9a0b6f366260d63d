// Which responses of an upstream are read, and how.
#include "net/http/response_reader.hpp"

#include "test/net/http/reader_support.hpp"

#include <doctest/doctest.h>

namespace wsrelay::response_reader_test {

using namespace wsrelay::test;
using event = response_reader::event;

namespace {

constexpr reader_limits limits{1024, 10, 1000};

// What came of a response.
struct outcome {
  event last = event::none;
  bool keeps = false;
  std::string text; // or the error
};

outcome finished(response_reader& reader, event last) {
  if (last == event::failed)
    return {last, false, std::string{reader.error()}};
  if (last != event::done)
    return {last, false, ""};
  auto keeps = reader.keep_alive();
  auto response = reader.take();
  return {last, keeps,
          std::to_string(response.status) + " " + joined(response.headers) + " "
              + std::string{response.body.view()}};
}

outcome read(std::string_view bytes, bool to_head = false) {
  response_reader reader{limits, to_head};
  auto last = event::none;
  do
    last = reader.next(bytes);
  while (last == event::header);
  return finished(reader, last);
}

outcome read_to_end(std::string_view bytes) {
  response_reader reader{limits, false};
  while (reader.next(bytes) == event::header) {
  }
  return finished(reader, reader.finish());
}

std::string ok(std::string_view fields, std::string_view body = "") {
  return "HTTP/1.1 200 OK\r\n" + std::string{fields} + "\r\n\r\n"
         + std::string{body};
}

std::string error_of(std::string_view bytes) {
  auto result = read(bytes);
  return result.last == event::failed ? result.text : "";
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

} // namespace

TEST_CASE("a response is told when its header is complete, and when it is") {
  response_reader reader{limits, false};
  CHECK(!reader.had_bytes());
  std::string_view bytes;
  CHECK(reader.next(bytes) == event::none);
  CHECK(!reader.had_bytes());
  auto text = ok("Content-Length: 2\r\nA: b", "hi");
  bytes = text;
  CHECK(reader.next(bytes) == event::header);
  CHECK(reader.had_bytes());
  CHECK(reader.length() == 2);
  CHECK(!reader.keep_alive());
  CHECK(reader.next(bytes) == event::done);
  CHECK(reader.keep_alive());
  auto response = reader.take();
  CHECK(response.status == 200);
  CHECK(joined(response.headers) == "A: b|");
  CHECK(response.body.view() == "hi");
}

TEST_CASE("hop-by-hop fields and trailers stay behind") {
  auto result = read(
      ok("Transfer-Encoding: chunked\r\nConnection: X, keep-alive\r\nX: y\r\n"
         "Keep-Alive: 5\r\nTrailer: X-WS-Relay\r\nUpgrade: h2c\r\nZ: 1",
         "2;e\r\nab\r\n0\r\nX-WS-Relay: {}\r\nContent-Length: 4\r\n\r\n"));
  CHECK(result.text == "200 Z: 1| ab");
  CHECK(result.keeps);
}

TEST_CASE("a body without a length goes on until the end") {
  auto result = read_to_end(ok("A: b", "some text"));
  CHECK(result.text == "200 A: b| some text");
  CHECK(!result.keeps);
  CHECK(read(ok("A: b", "some text")).last == event::none);
  CHECK(read_to_end(ok("A: b", std::string(1000, 'x'))).last == event::done);
  CHECK(read_to_end(ok("A: b", std::string(1001, 'x'))).text == "is too large");
}

TEST_CASE("what ends too early is not complete") {
  for (std::string_view bytes :
       {"", "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n"}) {
    CAPTURE(bytes);
    CHECK(read_to_end(bytes).text == "is not complete");
  }
  CHECK(read_to_end(ok("Content-Length: 1", "x")).text == "200  x");
}

TEST_CASE("the response to HEAD has no body and keeps its length") {
  auto result = read(ok("Content-Length: 4096\r\nA: b"), true);
  CHECK(result.text == "200 A: b|Content-Length: 4096| ");
  CHECK(result.keeps);
  CHECK(read(ok("Transfer-Encoding: chunked"), true).text == "200  ");
  CHECK(read(ok("Transfer-Encoding: gzip, chunked"), true).text == "200  ");
  CHECK(read(ok("A: b"), true).text == "200 A: b| ");
  CHECK(read(ok("Content-Length: 99999999"), true).last == event::done);
}

TEST_CASE("204 and 304 have no body") {
  for (std::string status : {"204", "304"}) {
    auto head = "HTTP/1.1 " + status + " X\r\n";
    CHECK(read(head + "\r\n").text == status + "  ");
    CHECK(read(head + "\r\n").keeps);
    // What a GET would have got is told with 304 alone.
    auto with_length = read(head + "Content-Length: 5\r\n\r\n");
    CHECK(with_length.text == status + "  ");
    CHECK(with_length.keeps == (status == "304"));
    CHECK(!read(head + "\r\nhello").keeps);
  }
  CHECK(!read("HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n").keeps);
}

TEST_CASE("interim responses are skipped, up to a bound") {
  std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  auto final_one = ok("Content-Length: 1", "x");
  for (bool to_head : {false, true}) {
    CHECK(read("HTTP/1.1 100 Continue\r\n\r\n" + final_one, to_head).last
          == event::done);
    CHECK(read(repeated(interim, 15) + final_one, to_head).last == event::done);
    CHECK(read(repeated(interim, 16) + final_one, to_head).last == event::done);
    CHECK(read(repeated(interim, 17) + final_one, to_head).text
          == "is not final");
  }
  CHECK(read("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n").text
        == "is not final");
  CHECK(read(interim + "HTTP/1.1 101 Switching\r\n\r\n").text
        == "is not final");
}

TEST_CASE("a connection is not used again when its end is not certain") {
  CHECK(read(ok("Content-Length: 0")).keeps);
  CHECK(read("HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n").keeps);
  CHECK(!read(ok("Content-Length: 0\r\nConnection: close")).keeps);
  CHECK(!read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n"
              "Connection: keep-alive\r\n\r\n")
             .keeps);
  CHECK(!read(ok("Content-Length: 1", "xHTTP/1.1")).keeps);
}

TEST_CASE("bytes that come behind a response end its connection") {
  response_reader reader{limits, false};
  auto text = ok("Content-Length: 0");
  std::string_view bytes = text;
  CHECK(reader.next(bytes) == event::header);
  CHECK(reader.next(bytes) == event::done);
  CHECK(reader.keep_alive());
  bytes = "x";
  CHECK(reader.next(bytes) == event::done);
  CHECK(bytes == "x");
  CHECK(!reader.keep_alive());
  CHECK(reader.finish() == event::done);
}

TEST_CASE("what is no response of HTTP/1") {
  for (std::string_view bytes :
       {"SSH-2.0-OpenSSH\r\n", "\r\n", "HTTP/2.0 200 OK\r\n",
        "HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1 600 X\r\n\r\n",
        "HTTP/1.1 000 X\r\n\r\n", "HTTP/1.1 2x0 X\r\n\r\n",
        "HTTP/1.1 20 X\r\n\r\n", "HTTP/1.1 200\r\n\r\n", "HTTP/1.1\r\n\r\n",
        "HTTP/1.1200 X\r\n\r\n", "HTTP/1.1 200 OK\n", "\x15\x03\x01",
        "HTTP/1.1 200 X\r\nA: b\r\n c: d\r\n\r\n",
        "HTTP/1.1 200 X\r\nA b: c\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Length: 1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}) {
    CAPTURE(bytes);
    CHECK(error_of(bytes) == "is no HTTP/1.1");
  }
  CHECK(error_of(ok("Transfer-Encoding: gzip, chunked"))
        == "has an unknown transfer coding");
  CHECK(error_of("HTTP/1.0 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        == "is no HTTP/1.1");
}

TEST_CASE("a response is not larger than it may be") {
  auto padded = [](std::size_t size) {
    auto frame = ok("Content-Length: 0\r\nX: ").size();
    return ok("Content-Length: 0\r\nX: " + std::string(size - frame, 'x'));
  };
  CHECK(read(padded(1023)).last == event::done);
  CHECK(read(padded(1024)).last == event::done);
  CHECK(error_of(padded(1025)) == "has a too large header");
  auto fields = [](std::size_t count) {
    return ok("Content-Length: 0" + repeated("\r\na: b", count - 1));
  };
  CHECK(read(fields(9)).last == event::done);
  CHECK(read(fields(10)).last == event::done);
  CHECK(error_of(fields(11)) == "has too many fields");
  CHECK(read(ok("Content-Length: 999")).last == event::none);
  CHECK(read(ok("Content-Length: 1000")).last == event::none);
  CHECK(error_of(ok("Content-Length: 1001")) == "is too large");
}

TEST_CASE("what an upstream sends without end is too large") {
  auto chunked = ok("Transfer-Encoding: chunked");
  CHECK(error_of("HTTP/1.1 200 " + std::string(2000, '0'))
        == "has a too large header");
  for (auto& endless : {chunked + "0", chunked + "1;", chunked + "1;a=\"",
                        chunked + "0;", chunked + "0\r\nX: "}) {
    CAPTURE(endless);
    CHECK(error_of(endless + std::string(2000, '0')) == "is too large");
  }
  CHECK(error_of(chunked + "0\r\nX: " + std::string(70'000, 'x'))
        == "is too large");
  CHECK(error_of(ok("X: " + std::string(70'000, 'x')))
        == "has a too large header");
}

} // namespace wsrelay::response_reader_test
