// A socket that speaks TLS, and a client of which the test has hold.
#pragma once

#include "test/net/http/certificates.hpp"
#include "test/net/loop/stream_socket_fixture.hpp"

#include <algorithm>

namespace wsrelay::test {

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

struct tls_socket_fixture : stream_socket_fixture {
  ~tls_socket_fixture() {
    on_loop([this] { socket.reset(); }); // before the session that it tells
  }

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

} // namespace wsrelay::test
