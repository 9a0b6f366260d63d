// Clients that speak no TLS, or too much of it.
#include "test/net/loop/stream_socket_tls_fixture.hpp"

#include <openssl/err.h>

namespace wsrelay::stream_socket_tls_faults_test {

using namespace wsrelay::test;
using fixture = tls_socket_fixture;

TEST_CASE_FIXTURE(fixture, "what is no TLS ends the stream, with an alert") {
  open();
  std::string alert; // what is not even a record gets none
  SUBCASE("garbage") {
    peer.send(std::string(200, '\x80'));
  }
  SUBCASE("a record of the wrong kind") {
    peer.send(std::string{"\x17\x03\x03\x00\x05hello", 10});
    alert = "\x15";
  }
  CHECK(sees("insecure end "));
  CHECK(!on_loop([this] { return session.reason; }).empty());
  CHECK(on_loop([this] { return socket->is_broken(); }));
  if (!alert.empty())
    CHECK(peer.receive().starts_with(alert));
}

TEST_CASE_FIXTURE(fixture, "a record that was changed on its way ends the "
                           "stream") {
  open_secured();
  peer.send(std::string{"\x17\x03\x03\x00\x20", 5} + std::string(32, 'x'));
  CHECK(sees("secured end "));
  CHECK(on_loop([this] { return socket->is_broken(); }));
  CHECK(read().empty());
  CHECK(last_error() == SSL_ERROR_SSL);
}

TEST_CASE_FIXTURE(fixture, "who speaks HTTP is answered without TLS") {
  open();
  REQUIRE(peer.send("GET / HTTP/1.1\r\n"));
  CHECK(sees("plain "));
  on_loop([this] {
    socket->send(raw("no"));
    socket->close();
  });
  make_turns();
  CHECK(on_loop([this] { return session.input; }).empty());
}

TEST_CASE_FIXTURE(fixture, "a client that asks for new keys without end and "
                           "takes none is cut off") {
  open(make_small_pair());
  REQUIRE(SSL_connect(client.get()) == 1);
  REQUIRE(sees("secured "));
  auto is_over = [this] {
    return session.seen.find("end") != std::string::npos;
  };
  for (int i = 0; i < 100'000 && !on_loop(is_over); ++i) {
    SSL_key_update(client.get(), SSL_KEY_UPDATE_REQUESTED);
    if (SSL_do_handshake(client.get()) != 1)
      break;
  }
  CHECK(soon(is_over));
  ERR_clear_error();
}

TEST_CASE_FIXTURE(fixture, "new keys are taken so often, and no more without "
                           "text") {
  open_secured();
  auto update = [this] {
    SSL_key_update(client.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    return SSL_do_handshake(client.get()) == 1;
  };
  for (std::size_t i = 0; i < tls_records::max_updates; ++i)
    REQUIRE(update());
  write("hello");
  CHECK(gets("hello"));
  SUBCASE("one more") {
    REQUIRE(update());
    CHECK(sees("secured end "));
    CHECK(on_loop([this] { return socket->is_broken(); }));
  }
  SUBCASE("one more behind much text") {
    const std::string much(tls_records::text_per_update, 'x');
    REQUIRE(SSL_write(client.get(), much.data(), int(much.size())) > 0);
    REQUIRE(update());
    write("end");
    CHECK(gets("hello" + much + "end"));
  }
}

TEST_CASE_FIXTURE(fixture, "a client that has gone behind its hello is not "
                           "answered") {
  open();
  auto* out = BIO_new(BIO_s_mem());
  SSL_set0_wbio(client.get(), out);
  SSL_set_connect_state(client.get());
  timeval soon_over{0, 1000};
  ::setsockopt(peer.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &soon_over,
               sizeof soon_over);
  SSL_do_handshake(client.get());
  char* bytes = nullptr;
  auto size = BIO_get_mem_data(out, &bytes);
  on_loop([&] { // it sees both at once
    peer.send({bytes, static_cast<std::size_t>(size)});
    ::shutdown(peer.descriptor(), SHUT_WR);
  });
  CHECK(soon([&] { return session.seen.starts_with("end "); }));
  on_loop([this] { socket->close(); });
  CHECK(peer.receive().empty());
}

TEST_CASE_FIXTURE(fixture, "a socket that is destroyed within its handshake "
                           "gives its place back") {
  open();
  peer.send(std::string{"\x16\x03\x01", 3});
  make_turns();
  on_loop([this] { socket.reset(); });
  CHECK(places->taken() == 0);
}

} // namespace wsrelay::stream_socket_tls_faults_test
