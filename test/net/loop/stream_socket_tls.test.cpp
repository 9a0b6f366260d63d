// A socket that speaks TLS, and a client of which the test has hold.
#include "test/net/http/certificates.hpp"
#include "test/net/loop/stream_socket_fixture.hpp"

#include <openssl/err.h>

#include <algorithm>

namespace wsrelay::stream_socket_tls_test {

using namespace wsrelay::test;

namespace {

// Notes what only TLS tells.
struct tls_session : stream_events {
  std::size_t on_input(std::string_view bytes) override {
    auto used = wanted < bytes.size() ? wanted : bytes.size();
    wanted -= used;
    input += bytes.substr(0, used);
    if (used < bytes.size())
      socket->want_input(false);
    return used;
  }
  void on_end() override { seen += "end "; }
  void on_sent() override {}
  void on_abort() override { seen += "abort "; }
  void on_released() override { seen += "released "; }
  void on_secured() override {
    seen += "secured ";
    if (next)
      socket->attach(*next);
  }
  void on_insecure(std::string_view why) override {
    seen += "insecure ";
    reason = why;
  }
  void on_plain_text() override { seen += "plain "; }

  stream_socket* socket = nullptr;
  stream_events* next = nullptr; // takes over when it is secured
  std::string seen;
  std::string reason;
  std::string input;
  std::size_t wanted = std::string::npos;
};

struct fixture : stream_socket_fixture {
  void open(std::array<plain_socket, 2> pair) {
    peer = std::move(pair[1]);
    timeval limit{20, 0};
    ::setsockopt(peer.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &limit,
                 sizeof limit);
    on_loop([&] {
      REQUIRE(places->take());
      socket = std::make_unique<stream_socket>(
          home, unique_fd{pair[0].release()},
          socket_place{places, home.socket_count}, server.get());
      session.socket = socket.get();
      socket->attach(session);
    });
    make_turns();
    client.reset(SSL_new(client_context.get()));
    SSL_set_fd(client.get(), peer.descriptor());
    want(true);
  }
  void open() { open(make_pair_of(SOCK_STREAM)); }

  void open_secured() {
    open();
    REQUIRE(SSL_connect(client.get()) == 1);
    REQUIRE(sees("secured "));
  }

  bool sees(std::string_view text) {
    return soon([&] { return session.seen == text; });
  }
  bool gets(std::string_view text) {
    return soon([&] { return session.input == text; });
  }
  void write(std::string_view text) {
    REQUIRE(SSL_write(client.get(), text.data(), static_cast<int>(text.size()))
            == static_cast<int>(text.size()));
  }
  // One record of text at most; "" at the end or after an error.
  std::string read() {
    std::string result(16 * 1024, '\0');
    auto count =
        SSL_read(client.get(), result.data(), static_cast<int>(result.size()));
    result.resize(static_cast<std::size_t>(std::max(count, 0)));
    return result;
  }
  int last_error() { return SSL_get_error(client.get(), 0); }

  test_authority authority;
  tls_server_ptr server = authority.make_server("DNS:a.example");
  tls_server_ptr client_context{SSL_CTX_new(TLS_client_method())};
  tls_socket_ptr client;
  tls_session session;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "text goes both ways behind a handshake") {
  SUBCASE("TLS 1.3") {}
  SUBCASE("TLS 1.2") {
    SSL_CTX_set_max_proto_version(client_context.get(), TLS1_2_VERSION);
  }
  open_secured();
  write("hello");
  CHECK(gets("hello"));
  on_loop([this] { socket->send(raw("good day")); });
  CHECK(read() == "good day");
  CHECK(on_loop([this] { return socket->output().empty(); }));
}

TEST_CASE_FIXTURE(fixture, "what is added in one turn leaves in one record") {
  open_secured();
  on_loop([this] {
    for (int i = 0; i < 50; ++i)
      socket->send({"piece", opcode::text, false});
  });
  CHECK(read().size() == 50 * 7);
}

TEST_CASE_FIXTURE(fixture, "pieces of every size arrive as they are, in "
                           "order") {
  open_secured();
  std::string expected;
  on_loop([&] {
    for (std::size_t size : {1, 16383, 16384, 16385, 5, 40000, 3, 16380, 8}) {
      std::string piece(size, static_cast<char>('a' + size % 26));
      expected += piece;
      socket->send({shared_buffer{piece}, std::nullopt, false});
    }
  });
  std::string got;
  while (got.size() < expected.size()) {
    auto more = read();
    REQUIRE(!more.empty());
    got += more;
  }
  CHECK(got == expected);
}

TEST_CASE_FIXTURE(fixture, "a reader that is slow gets all of it, and what "
                           "waits is counted until the kernel has it") {
  open(make_small_pair());
  REQUIRE(SSL_connect(client.get()) == 1);
  REQUIRE(sees("secured "));
  const std::string much(2 << 20, 'x');
  on_loop([&] { socket->send({much, std::nullopt, false}); });
  make_turns();
  CHECK(queued() > much.size() / 2);
  std::size_t got = 0;
  while (got < much.size()) {
    auto more = read();
    REQUIRE(!more.empty());
    got += more.size();
  }
  CHECK(soon([this] { return socket->output().empty(); }));
}

TEST_CASE_FIXTURE(fixture, "what comes byte by byte is understood") {
  open();
  // The client's records on a line of its own, which the test takes apart.
  auto* out = BIO_new(BIO_s_mem());
  SSL_set0_wbio(client.get(), out);
  auto pass_on = [&] {
    char* bytes = nullptr;
    auto size = BIO_get_mem_data(out, &bytes);
    for (long i = 0; i < size; ++i) {
      REQUIRE(peer.send({bytes + i, 1}));
      make_turns();
    }
    BIO_reset(out);
  };
  timeval soon_over{0, 1000};
  ::setsockopt(peer.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &soon_over,
               sizeof soon_over);
  REQUIRE(holds_soon([&] {
    auto is_done = SSL_connect(client.get()) == 1;
    pass_on();
    return is_done;
  }));
  CHECK(sees("secured "));
  write("hello");
  pass_on();
  CHECK(gets("hello"));
}

TEST_CASE_FIXTURE(fixture, "what comes right behind the handshake is for who "
                           "takes over then") {
  tls_session second;
  session.next = &second;
  open();
  second.socket = socket.get();
  auto* out = BIO_new(BIO_s_mem());
  SSL_set0_wbio(client.get(), out);
  auto pass_on = [&] {
    char* bytes = nullptr;
    auto size = BIO_get_mem_data(out, &bytes);
    REQUIRE(peer.send({bytes, static_cast<std::size_t>(size)}));
    BIO_reset(out);
  };
  SSL_set_connect_state(client.get());
  timeval soon_over{0, 1000};
  ::setsockopt(peer.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &soon_over,
               sizeof soon_over);
  SSL_do_handshake(client.get());
  pass_on();
  REQUIRE(holds_soon([&] { return SSL_do_handshake(client.get()) == 1; }));
  write("hello");
  pass_on(); // the end of the handshake, and text
  CHECK(soon([&] { return second.input == "hello"; }));
  CHECK(session.input.empty());
  on_loop([this] { socket->attach(session); });
}

TEST_CASE_FIXTURE(fixture, "what nobody wants yet waits, and comes before "
                           "anything new") {
  open_secured();
  on_loop([this] { session.wanted = 3; });
  write("hello");
  CHECK(gets("hel"));
  write(" world");
  make_turns();
  CHECK(gets("hel"));
  on_loop([this] {
    session.wanted = std::string::npos;
    socket->want_input(true);
  });
  CHECK(gets("hello world"));
}

// -- the end ------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "a client that says its farewell can still be "
                           "answered") {
  open_secured();
  write("last words");
  SSL_shutdown(client.get());
  CHECK(sees("secured end "));
  CHECK(gets("last words"));
  on_loop([this] {
    socket->send(raw("answer"));
    socket->end_output();
  });
  CHECK(read() == "answer");
  CHECK(read().empty());
  CHECK(last_error() == SSL_ERROR_ZERO_RETURN);
}

TEST_CASE_FIXTURE(fixture, "text that is not used yet comes before the "
                           "farewell") {
  open_secured();
  on_loop([this] { session.wanted = 3; });
  write("hello");
  SSL_shutdown(client.get());
  CHECK(gets("hel"));
  make_turns();
  CHECK(on_loop([this] { return session.seen; }) == "secured ");
  on_loop([this] {
    session.wanted = std::string::npos;
    socket->want_input(true);
  });
  CHECK(sees("secured end "));
  CHECK(on_loop([this] { return session.input; }) == "hello");
}

TEST_CASE_FIXTURE(fixture, "who closes, or ends its output, says so in TLS") {
  open_secured();
  SUBCASE("close") {
    on_loop([this] { socket->close(); });
  }
  SUBCASE("end_output") {
    on_loop([this] { socket->end_output(); });
  }
  CHECK(read().empty());
  CHECK(last_error() == SSL_ERROR_ZERO_RETURN);
  CHECK(peer.receive().empty());
}

TEST_CASE_FIXTURE(fixture, "the end of the socket is an end, also without a "
                           "farewell") {
  open_secured();
  peer.close();
  CHECK(soon([this] { return session.seen.starts_with("secured end "); }));
}

// -- what is wrong ------------------------------------------------------------

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

TEST_CASE_FIXTURE(fixture, "a socket that is destroyed within its handshake "
                           "gives its place back") {
  open();
  peer.send(std::string{"\x16\x03\x01", 3});
  make_turns();
  on_loop([this] { socket.reset(); });
  CHECK(places->taken() == 0);
}

} // namespace wsrelay::stream_socket_tls_test
