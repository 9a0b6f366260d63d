// TLS in memory: two engines, and what stands between them.
#include "net/loop/tls_engine.hpp"

#include "test/net/http/certificates.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <doctest/doctest.h>

#include <openssl/err.h>

#include <algorithm>
#include <string>

namespace wsrelay::tls_engine_test {

using namespace wsrelay::test;

namespace {

// Records on their way; no more than `room` of them are under way.
struct pipe final : record_port {
  explicit pipe(std::string& from, std::string& to) : from{from}, to{to} {}

  std::size_t read_records(char* into, std::size_t size) override {
    auto count = std::min({size, from.size(), at_once});
    from.copy(into, count);
    from.erase(0, count);
    return count;
  }

  std::size_t write_records(const char* bytes, std::size_t size) override {
    auto count = std::min(size, room - std::min(room, to.size()));
    to.append(bytes, count);
    return count;
  }

  std::string& from;
  std::string& to;
  std::size_t room = std::string::npos;
  std::size_t at_once = std::string::npos;
};

struct fixture {
  fixture() {
    SSL_CTX_set_max_proto_version(client_context.get(), TLS1_3_VERSION);
  }

  // Returns whether both sides are done.
  bool shake_hands() {
    bool mine = false, theirs = false;
    for (int i = 0; i < 10'000 && !(mine && theirs); ++i) {
      mine = mine || client.handshake(tls_engine::client).count == 1;
      theirs = theirs || server.handshake(tls_engine::server).count == 1;
    }
    return mine && theirs;
  }

  // Everything that can be read.
  static std::string read_all(tls_engine& from) {
    std::string result;
    char bytes[1000];
    while (auto count = from.read(bytes, sizeof bytes).count)
      result.append(bytes, count);
    return result;
  }

  test_authority authority;
  tls_server_ptr server_context = authority.make_server("DNS:a.example");
  tls_server_ptr client_context{SSL_CTX_new(TLS_client_method())};
  std::string to_server, to_client;
  pipe client_end{to_client, to_server};
  pipe server_end{to_server, to_client};
  tls_engine client{client_context.get(), client_end};
  tls_engine server{server_context.get(), server_end};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "two sides prove who they are and pass bytes") {
  CHECK(client.handshake(tls_engine::client).is_blocked());
  REQUIRE(shake_hands());
  CHECK(client.write("question", 8).count == 8);
  CHECK(read_all(server) == "question");
  CHECK(server.write("answer", 6).count == 6);
  CHECK(read_all(client) == "answer");
  char byte;
  CHECK(client.read(&byte, 1).is_blocked());
}

TEST_CASE_FIXTURE(fixture, "records come byte by byte") {
  client_end.at_once = server_end.at_once = 1;
  REQUIRE(shake_hands());
  client.write("abc", 3);
  CHECK(read_all(server) == "abc");
}

TEST_CASE_FIXTURE(fixture, "what is written while nothing is taken leaves "
                           "once, when it is tried again") {
  REQUIRE(shake_hands());
  const std::string text(40'000, 'x');
  client_end.room = 0;
  CHECK(client.write(text.data(), text.size()).is_blocked());
  CHECK(client.write(text.data(), text.size()).is_blocked());
  std::string seen;
  std::size_t written = 0;
  client_end.room = 100; // less than a record
  for (int i = 0; i < 10'000 && written < text.size(); ++i) {
    written += client.write(text.data() + written, text.size() - written).count;
    seen += read_all(server);
  }
  CHECK(written == text.size());
  CHECK(seen + read_all(server) == text);
}

TEST_CASE_FIXTURE(fixture, "the other side says that nothing follows") {
  REQUIRE(shake_hands());
  server.write("last", 4);
  SSL_shutdown(server.handle());
  CHECK(read_all(client) == "last");
  char byte;
  auto end = client.read(&byte, 1);
  CHECK(!end.is_blocked());
  CHECK(end.ec == boost::asio::error::eof);
}

TEST_CASE_FIXTURE(fixture, "what is no TLS is told as OpenSSL tells it") {
  to_server = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
  auto failed = server.handshake(tls_engine::server);
  CHECK(failed.ec.category() == boost::asio::error::get_ssl_category());
  CHECK(ERR_GET_REASON(static_cast<unsigned long>(failed.ec.value()))
        == SSL_R_HTTP_REQUEST);
}

} // namespace wsrelay::tls_engine_test
