// A peer decides where its bytes are cut: every cut must give the same events.
#include "net/http/response_reader.hpp"
#include "test/net/http/reader_support.hpp"

#include <doctest/doctest.h>

namespace wsrelay::reader_splits_test {

using namespace wsrelay::test;

namespace {

using pieces = std::vector<std::string_view>;
using events = std::vector<std::string>;

constexpr reader_limits limits{200, 6, 12};

events request_events(const pieces& input) {
  request_log log{limits};
  for (auto piece : input)
    log.read(piece);
  if (log.reader.has_begun())
    log.events.push_back("begun");
  return log.events;
}

events response_events(const pieces& input) {
  using event = response_reader::event;
  response_reader reader{limits, false};
  events out;
  auto last = event::none;
  auto is_over = [&last] {
    return last == event::done || last == event::failed;
  };
  for (auto piece : input)
    do {
      last = reader.next(piece);
      if (last == event::header)
        out.push_back("header");
    } while (last == event::header || (!is_over() && !piece.empty()));
  if (!is_over())
    out.push_back("end");
  last = reader.finish();
  out.push_back(reader.keep_alive() ? "keep" : "close");
  if (last == event::failed) {
    out.emplace_back(reader.error());
    return out;
  }
  auto response = reader.take();
  out.push_back(std::to_string(response.status) + joined(response.headers)
                + std::string{response.body.view()});
  return out;
}

template <class Read>
void check_cuts(std::string_view text, Read read) {
  CAPTURE(text);
  auto whole = read(pieces{text});
  pieces single;
  for (auto& byte : text)
    single.emplace_back(&byte, 1);
  CHECK(read(single) == whole);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    REQUIRE(read(pieces{text.substr(0, i), text.substr(i)}) == whole);
    for (auto j = i; j <= text.size(); ++j)
      REQUIRE(
          read(pieces{text.substr(0, i), text.substr(i, j - i), text.substr(j)})
          == whole);
  }
}

const std::string get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
const std::string coded = "Transfer-Encoding: chunked\r\n\r\n";

} // namespace

TEST_CASE("requests that are cut anywhere are the same requests") {
  for (const std::string& text : std::vector<std::string>{
           "\r\n" + get + "\r\n\r\n" + get + "\r\n\r",
           post + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"
               + get,
           post + coded + "3\r\nabc\r\n0a\r\n0123",
           post + coded + "3\r\nabc\r\n002;x=\"y\"\r\nde\r\n0\r\n\r\n" + get,
           post + coded + "0;e\r\nHost: x\r\nA: b\r\n\r\n" + get,
           "GET http://a:1?b HTTP/1.7\r\nHost: h\r\nConnection: close\r\n\r\n",
           "OPTIONS * HTTP/1.0\r\n\r\nG",
       })
    check_cuts(text, request_events);
}

TEST_CASE("refused requests that are cut anywhere are refused alike") {
  for (const std::string& text : std::vector<std::string>{
           std::string(20, '\r'),
           get + "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" + get,
           "GET / HTTP/2.0\r\nHost: h\r\n\r\n" + get,
           "GET /\r\nHost: h\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: h\r\n fold\r\n\r\n" + get,
           "GET / HTTP/1.1\r\nHost: h\n\n",
           "GET / HTTP/1.1\r\nHost: " + std::string(180, 'h') + "\r\n\r\n",
           post + "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\n\r\n",
           post + "Content-Length: 13\r\n\r\n" + get,
           post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           post + coded + "7\r\n0123456\r\n6\r\n012345\r\n0\r\n\r\n",
           post + coded + "1\r\nxx\r\n0\r\n\r\n",
           post + coded + "1;a=\"\r\nx\r\n0\r\n\r\n",
           post + coded + "0;a=\"\r\n\r\n" + get,
           post + coded + "0\r\nno field\r\n\r\n" + get,
           post + "Expect: x\r\n\r\n",
       })
    check_cuts(text, request_events);
  // Too long for every pair of cuts with the sanitizers.
  for (auto size : {199u, 200u, 201u, 230u}) {
    auto trailer =
        post + coded + "0\r\nA: " + std::string(size, 'x') + "\r\n\r\n";
    auto whole = request_events({trailer});
    for (std::size_t i = 0; i <= trailer.size(); ++i) {
      std::string_view text{trailer};
      REQUIRE(request_events({text.substr(0, i), text.substr(i)}) == whole);
    }
  }
}

TEST_CASE("responses that are cut anywhere are the same responses") {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const std::string& text : std::vector<std::string>{
           interim + interim + ok + "Content-Length: 2\r\n\r\nhi",
           ok + "Content-Length: 2\r\n\r\nhi beyond",
           ok + "A: b\r\n\r\nto the end",
           ok + "A: b\r\n\r\nmore than it may be",
           ok + coded + "2\r\nab\r\n0\r\nX: y\r\n\r\n",
           ok + coded + "2\r\nab\r\n0\r\nX: y\r\n",
           "HTTP/1.3 204 No Content\r\nContent-Length: 4\r\n\r\n",
           interim + "HTTP/1.1 101 No\r\n\r\n",
           "SSH-2.0-OpenSSH_9.2p1\r\nxx",
       })
    check_cuts(text, response_events);
}

} // namespace wsrelay::reader_splits_test
