// What a request may take: every bound, and what endless input costs.
#include "net/http/request_reader.hpp"

#include "test/net/http/reader_support.hpp"

#include <doctest/doctest.h>

namespace wsrelay::request_reader_limits_test {

using namespace wsrelay::test;
using event = request_reader::event;

namespace {

const std::string chunked_head = "POST / HTTP/1.1\r\nHost: h\r\n"
                                 "Transfer-Encoding: chunked\r\n\r\n";

// A request whose first line and fields have this size.
std::string sized_header(std::size_t size) {
  std::string front = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  std::string end = "\r\n\r\n";
  return front + std::string(size - front.size() - end.size(), 'x') + end;
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

struct flood {
  std::size_t used = 0; // bytes until it was refused
  unsigned status = 0;  // 0 = never
};

// Gives a piece again and again, up to 10 MB of it.
flood pour(std::string_view begin, std::string_view piece) {
  request_log log;
  log.read(begin);
  flood out;
  while (out.used < 10'000'000) {
    auto rest = piece;
    auto result = log.reader.next(rest);
    out.used += piece.size() - rest.size();
    if (result == event::failed)
      return {out.used, log.reader.error().status};
  }
  return out;
}

} // namespace

TEST_CASE("a header has at most so many bytes") {
  for (std::size_t limit : {64u, 1024u, 16u * 1024, 1024u * 1024}) {
    CHECK(status_of(sized_header(limit - 1), {limit}) == 0);
    CHECK(status_of(sized_header(limit), {limit}) == 0);
    CHECK(status_of(sized_header(limit + 1), {limit}) == 431);
  }
}

TEST_CASE("one field may take nearly all of the largest header") {
  constexpr std::size_t size = 1024 * 1024;
  auto request = read_request(sized_header(size), {size});
  CHECK(find_field(request.headers, "X")->size() > size - 64);
}

TEST_CASE("a target may take nearly all of a header") {
  constexpr std::size_t size = 100'000;
  auto target = "/" + std::string(size - 100, 'x');
  auto request =
      read_request("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n", {size});
  CHECK(request.path == target);
}

TEST_CASE("a request has at most so many fields") {
  auto request = [](std::size_t fields) {
    return "GET / HTTP/1.1\r\nHost: h\r\n" + repeated("a:\r\n", fields - 1)
           + "\r\n";
  };
  CHECK(status_of(request(99)) == 0);
  CHECK(status_of(request(100)) == 0);
  CHECK(status_of(request(101)) == 431);
}

TEST_CASE("a body is not longer than it may be, and refused by its length") {
  auto request = [](std::size_t size) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: "
           + std::to_string(size) + "\r\n\r\n";
  };
  reader_limits limits{1024, 10, 1000};
  for (std::size_t size : {999u, 1000u})
    CHECK(
        read_request(request(size) + std::string(size, 'x'), limits).body.size()
        == size);
  request_log log{limits};
  log.read(request(1001));
  CHECK(log.events == std::vector<std::string>{"failed 413"});
  CHECK(status_of(request(18446744073709551615u), limits) == 413);
}

TEST_CASE("chunks are not longer together than a body may be") {
  auto request = [](std::string_view last) {
    return chunked_head + "1f4\r\n" + std::string(500, 'x') + "\r\n"
           + std::string{last};
  };
  reader_limits limits{1024, 10, 1000};
  CHECK(status_of(request("1F3\r\n"), limits) == 1);
  CHECK(status_of(request("1F4\r\n"), limits) == 1);
  CHECK(status_of(request("1F5\r\n"), limits) == 413);
  CHECK(status_of(request("ffffffffffffffff\r\n"), limits) == 413);
}

TEST_CASE("a body may come in chunks of one byte") {
  constexpr std::size_t size = 100'000;
  auto request =
      read_request(chunked_head + repeated("1\r\nx\r\n", size) + "0\r\n\r\n");
  CHECK(request.body.size() == size);
}

// A chunk's head has 20 bytes for free.
TEST_CASE("chunk extensions have at most the size of a header") {
  auto request = [](std::size_t size) {
    return chunked_head + "1;" + std::string(size - 4, 'x') + "\r\n";
  };
  reader_limits limits{1024, 10, 1000};
  CHECK(status_of(request(20 + 1023), limits) == 1);
  CHECK(status_of(request(20 + 1024), limits) == 1);
  CHECK(status_of(request(20 + 1025), limits) == 400);
}

TEST_CASE("all chunk extensions of a request count together") {
  auto request = [](std::size_t chunks) {
    return chunked_head
           + repeated("1;" + std::string(98, 'x') + "\r\nx\r\n", chunks);
  };
  // 82 bytes more than what is free in the first, and 84 in each that follows.
  reader_limits limits{82 + 9 * 84, 10, 1000};
  CHECK(status_of(request(9), limits) == 1);
  CHECK(status_of(request(10), limits) == 1);
  CHECK(status_of(request(11), limits) == 400);
}

TEST_CASE("a trailer has at most the size of a header") {
  auto request = [](std::size_t size) {
    return chunked_head + "0\r\nX: " + std::string(size - 5, 'x') + "\r\n\r\n";
  };
  reader_limits limits{1024, 10, 1000};
  CHECK(status_of(request(1023), limits) == 0);
  CHECK(status_of(request(1024), limits) == 0);
  CHECK(status_of(request(1025), limits) == 431);
  CHECK(status_of(request(1026), limits) == 431);
  CHECK(status_of(request(70'000)) == 431);
}

TEST_CASE("what has no end is refused at about the size of a header") {
  struct sample {
    std::string begin;
    std::string piece;
    unsigned status;
  };
  std::string large(64 * 1024, 'x');
  const sample samples[] = {
      {"", large, 414},
      {"GET /", large, 414},
      {"GET / HTTP/1.1\r\nX: ", large, 431},
      {"GET / HTTP/1.1\r\n", "a: b\r\n", 431},
      {chunked_head, std::string(64 * 1024, '0'), 400},
      {chunked_head, "0", 400},
      {chunked_head + "1;", large, 400},
      {chunked_head + "1;a=\"", large, 400},
      {chunked_head + "1\r\nx", large, 400},
      {chunked_head + "0;", large, 400},
      {chunked_head + "0\r\nX: ", large, 431},
      {chunked_head + "0\r\n", large, 431},
      {chunked_head + "0\r\n", "a: b\r\n", 431},
      {chunked_head, "1;" + std::string(200, 'a') + "\r\nx\r\n", 400},
      {"", "\r\n", 400},
  };
  for (auto& [begin, piece, status] : samples) {
    auto poured = pour(begin, piece);
    auto sent = begin + piece.substr(0, 20);
    CAPTURE(sent);
    CHECK(poured.status == status);
    CHECK(poured.used < 24 * 1024);
  }
}

// Each byte looks at what came with it alone; if it looked at all before it,
// this would take minutes.
TEST_CASE("single bytes are read once") {
  constexpr std::size_t size = 1024 * 1024;
  reader_limits limits{size};
  for (auto text : {sized_header(size),
                    chunked_head + "1;" + std::string(size / 2, 'x')
                        + "\r\nx\r\n0;y=\"" + std::string(1000, 'y') + "\"\r\n"
                        + repeated("a:\r\n", size / 16) + "\r\n"}) {
    request_log log{limits};
    for (auto& byte : text)
      log.read({&byte, 1});
    CHECK(log.requests.size() == 1);
  }
}

} // namespace wsrelay::request_reader_limits_test
