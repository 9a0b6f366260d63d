// What a socket with TLS reads and writes, and how it ends.
#include "test/net/loop/stream_socket_tls_fixture.hpp"

namespace wsrelay::stream_socket_tls_test {

using namespace wsrelay::test;
using fixture = tls_socket_fixture;

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

} // namespace wsrelay::stream_socket_tls_test
