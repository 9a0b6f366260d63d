// Upstreams over https, with certificates of the test's own authority.
#include "test/net/http/certificates.hpp"
#include "test/net/http/upstream_fixture.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace wsrelay::upstream_tls_test {

using namespace wsrelay::test;

namespace {

constexpr std::string_view ok =
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct fixture : upstream_fixture {
  fixture() {
    // OpenSSL's own sockets, the server's here, write without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    upstream.tls = true;
    upstream.ca = authority.file();
    certify("IP:127.0.0.1");
  }

  void certify(const std::string& names) { tls = authority.make_server(names); }

  void ask() {
    home.call([&] { CHECK(contexts->add(upstream.ca)); });
    upstream_fixture::ask();
  }

  // The server's side of a handshake; null when it fails.
  tls_socket_ptr accept() {
    peer = server.accept();
    tls_socket_ptr made{SSL_new(tls.get())};
    SSL_set_fd(made.get(), peer.descriptor());
    if (SSL_accept(made.get()) != 1)
      made.reset();
    return made;
  }

  static std::string receive_head(SSL* socket) {
    std::string seen;
    char c;
    while (!seen.ends_with("\r\n\r\n") && SSL_read(socket, &c, 1) == 1)
      seen += c;
    return seen;
  }

  static void send(SSL* socket, std::string_view text) {
    SSL_write(socket, text.data(), static_cast<int>(text.size()));
  }

  // Reads a request's header and answers it.
  static std::string serve_on(SSL* socket, std::string_view text = ok) {
    auto seen = receive_head(socket);
    send(socket, text);
    return seen;
  }

  // Makes names resolve to this machine.
  void use_name(const std::string& host) {
    name_resolver_options options;
    options.lookup = [](auto&) -> name_result {
      return std::vector{boost::asio::ip::make_address("127.0.0.1")};
    };
    use_names(std::move(options));
    upstream.host = host;
  }

  // Whether the server's certificate is good enough.
  bool is_trusted() {
    ask();
    auto socket = accept();
    if (socket)
      serve_on(socket.get());
    auto got = result();
    if (auto* why = std::get_if<problem>(&got)) {
      CHECK(why->status == 502);
      CHECK(why->detail == "the upstream cannot be reached");
      return false;
    }
    return std::get<http_answer>(got).response.body.view() == "ok";
  }

  // Whether the client says that nothing follows, rather than that it is gone.
  static bool is_ended(SSL* socket) {
    char c;
    auto count = SSL_read(socket, &c, 1);
    return count == 0 && SSL_get_error(socket, count) == SSL_ERROR_ZERO_RETURN;
  }

  test_authority authority;
  tls_server_ptr tls;
  plain_socket peer;
};

// A folder of the system's authorities, and nothing else that it trusts.
struct system_folder {
  explicit system_folder(const std::string& authority)
      : path{authority + ".d"} {
    std::filesystem::create_directory(path);
    std::filesystem::copy_file(authority, path + "/0123abcd.0");
    ::setenv("SSL_CERT_FILE", (path + "/none.pem").c_str(), 1);
    ::setenv("SSL_CERT_DIR", (path + "/none:" + path).c_str(), 1);
  }

  ~system_folder() {
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
    std::filesystem::remove_all(path);
  }

  std::string path;
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a request goes over TLS, and again over the same "
                           "connection") {
  ask();
  auto socket = accept();
  REQUIRE(socket);
  CHECK(SSL_get_servername(socket.get(), TLSEXT_NAMETYPE_host_name)
        == nullptr); // RFC 6066 section 3: none for an address
  auto seen = serve_on(socket.get());
  CHECK(seen.starts_with("GET /base/ws?a=b HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(response().body.view() == "ok");
  CHECK(idle_count() == 1);
  for (int i = 0; i < 3; ++i) {
    ask();
    serve_on(socket.get());
    CHECK(response().body.view() == "ok");
  }
  SSL_shutdown(socket.get());
  CHECK(holds_soon([&] { return idle_count() == 0; }));
}

TEST_CASE_FIXTURE(fixture, "a large request and a large answer pass") {
  request.method = "POST";
  request.body = shared_buffer{std::string(3'000'000, 'b')};
  ask();
  auto socket = accept();
  REQUIRE(socket);
  CHECK(contains(receive_head(socket.get()), "Content-Length: 3000000\r\n"));
  std::string body(3'000'000, 'a');
  std::size_t seen = 0;
  while (seen < body.size()) {
    auto count = SSL_read(socket.get(), body.data(), int(body.size()));
    REQUIRE(count > 0);
    seen += std::size_t(count);
  }
  CHECK(seen == body.size());
  send(socket.get(), fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n"
                                 "\r\n",
                                 body.size()));
  send(socket.get(), body);
  CHECK(response().body.view() == body);
}

TEST_CASE_FIXTURE(fixture, "a certificate must name the address") {
  CHECK(is_trusted());
  certify("IP:127.0.0.2");
  home.call([&] { client->close_idle(); });
  CHECK(!is_trusted());
  certify("DNS:127.0.0.1");
  CHECK(!is_trusted());
}

TEST_CASE_FIXTURE(fixture, "a certificate must have the name, which the server "
                           "is told") {
  use_name("app.example");
  certify("DNS:app.example");
  ask();
  auto socket = accept();
  REQUIRE(socket);
  CHECK(SSL_get_servername(socket.get(), TLSEXT_NAMETYPE_host_name)
        == std::string_view{"app.example"});
  serve_on(socket.get());
  CHECK(response().status == 200);
  home.call([&] { client->close_idle(); });
  for (auto other : {"DNS:other.example", "DNS:app.example.org", "DNS:example",
                     "IP:127.0.0.1", "DNS:a*.example"}) {
    CAPTURE(other);
    certify(other);
    CHECK(!is_trusted());
  }
  certify("DNS:*.example.test,DNS:APP.example");
  CHECK(is_trusted());
}

TEST_CASE_FIXTURE(fixture, "the name of a subject is no host's") {
  use_name("server"); // RFC 9110 section 4.3.4
  certify("IP:127.0.0.1");
  CHECK(!is_trusted());
  certify("DNS:server");
  CHECK(is_trusted());
}

TEST_CASE_FIXTURE(fixture, "the dot of a full name is not in its certificate") {
  use_name("app.example.");
  certify("DNS:app.example");
  CHECK(is_trusted());
}

TEST_CASE_FIXTURE(fixture,
                  "a certificate of another authority is not trusted") {
  test_authority other;
  SUBCASE("than that of the configuration") {
    upstream.ca = other.file();
  }
  SUBCASE("than those of the system") {
    upstream.ca.clear();
  }
  CHECK(!is_trusted());
}

TEST_CASE_FIXTURE(fixture, "old versions of TLS are not spoken") {
  SSL_CTX_set_security_level(tls.get(), 0);
  SUBCASE("1.1") {
    SSL_CTX_set_max_proto_version(tls.get(), TLS1_1_VERSION);
    CHECK(!is_trusted());
  }
  SUBCASE("1.2") {
    SSL_CTX_set_max_proto_version(tls.get(), TLS1_2_VERSION);
    CHECK(is_trusted());
  }
}

TEST_CASE_FIXTURE(fixture, "keys are not exchanged over a finite field") {
  bool good = false;
  SUBCASE("TLS 1.2") {
    tls = authority.make_rsa_server("IP:127.0.0.1");
    SSL_CTX_set_max_proto_version(tls.get(), TLS1_2_VERSION);
    SSL_CTX_set_dh_auto(tls.get(), 1);
    SUBCASE("curve") {
      good = SSL_CTX_set_cipher_list(tls.get(), "kECDHE") == 1;
    }
    SUBCASE("finite field") {
      REQUIRE(SSL_CTX_set_cipher_list(tls.get(), "kDHE") == 1);
    }
  }
  SUBCASE("TLS 1.3") {
    SSL_CTX_set_min_proto_version(tls.get(), TLS1_3_VERSION);
    SUBCASE("curve") {
      good = SSL_CTX_set1_groups_list(tls.get(), "P-384") == 1;
    }
    SUBCASE("finite field") {
      REQUIRE(SSL_CTX_set1_groups_list(tls.get(), "ffdhe2048") == 1);
    }
  }
  CHECK(is_trusted() == good);
}

TEST_CASE_FIXTURE(fixture, "RFC 8446 6.1: a connection is ended, not cut") {
  for (auto version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    certify("IP:127.0.0.1");
    SSL_CTX_set_min_proto_version(tls.get(), version);
    SSL_CTX_set_max_proto_version(tls.get(), version);
    ask();
    auto socket = accept();
    REQUIRE(socket);
    SUBCASE("an idle one") {
      serve_on(socket.get());
      CHECK(response().body.view() == "ok");
      home.call([&] { client->close_idle(); });
    }
    SUBCASE("one that waits for an answer") {
      receive_head(socket.get());
      make_turns(); // the write is over on this side, too
      home.call([&] { call.reset(); });
    }
    CHECK(is_ended(socket.get()));
  }
}

TEST_CASE_FIXTURE(fixture, "a server without TLS is a bad gateway") {
  ask();
  auto plain = server.accept();
  plain.send("HTTP/1.1 200 OK\r\n\r\n");
  CHECK(refusal().status == 502);
}

TEST_CASE_FIXTURE(fixture, "a server that is silent in the handshake times "
                           "out") {
  upstream.connect_timeout = 20ms;
  ask();
  auto plain = server.accept();
  CHECK(refusal().status == 504);
}

TEST_CASE_FIXTURE(fixture, "authorities are read when they are added, and not "
                           "later") {
  SUBCASE("those of a file") {
    REQUIRE(contexts->add(upstream.ca));
    std::filesystem::remove(upstream.ca);
  }
  SUBCASE("those of the system") {
    system_folder folder{std::exchange(upstream.ca, "")};
    REQUIRE(contexts->add(""));
  }
  CHECK(is_trusted());
}

TEST_CASE_FIXTURE(fixture, "authorities that cannot be used are not there") {
  auto file = upstream.ca + ".bad";
  for (auto text : {"", "-----BEGIN CERTIFICATE-----\nMIIB\n"}) {
    std::ofstream{file} << text;
    auto added = contexts->add(file);
    REQUIRE(!added);
    CHECK(added.error().what.starts_with("cannot use " + file + ": "));
  }
  std::filesystem::remove(file);
  CHECK(!contexts->add(file));
  CHECK(!contexts->find(file));
}

TEST_CASE_FIXTURE(fixture, "without its authorities an upstream is not asked") {
  upstream_fixture::ask();
  CHECK(refusal().detail == "the upstream cannot be reached");
}

TEST_CASE("contexts are made for the upstreams of endpoints that need them") {
  test_authority authority;
  upstream_handler plain, secure, bad;
  plain.ca = "/nonexistent/plain.pem";
  secure.tls = bad.tls = true;
  secure.ca = authority.file();
  bad.ca = "/nonexistent/ca.pem";
  relay_config config;
  auto& endpoints = config.endpoints;
  endpoints.resize(4);
  endpoints[1].handler = plain;
  endpoints[2].handler = endpoints[3].handler = secure;
  auto made = make_upstream_contexts(config);
  REQUIRE(made);
  CHECK((*made)->find(secure.ca));
  CHECK(!(*made)->find(plain.ca));
  CHECK(!(*made)->find(""));
  endpoints.push_back({.name = "chat", .handler = bad, .where = {"f.yaml", 7}});
  made = make_upstream_contexts(config);
  REQUIRE(!made);
  CHECK(made.error().what.starts_with(
      "f.yaml:7: chat.ca: cannot use /nonexistent/ca.pem: "));
  endpoints.pop_back();
  config.targets.push_back(
      {.name = "game", .server = bad, .where = {"f.yaml", 9}});
  made = make_upstream_contexts(config);
  REQUIRE(!made);
  CHECK(made.error().what.starts_with("f.yaml:9: game.ca: "));
}

TEST_CASE_FIXTURE(fixture, "an answer without a length that was cut off is a "
                           "bad gateway") {
  ask();
  auto socket = accept();
  REQUIRE(socket);
  serve_on(socket.get(), "HTTP/1.1 200 OK\r\n\r\nhalf");
  SUBCASE("cut") {
    peer.close();
    CHECK(refusal().status == 502);
  }
  SUBCASE("ended") {
    SSL_shutdown(socket.get());
    CHECK(response().body.view() == "half");
  }
}

TEST_CASE_FIXTURE(fixture, "a call over TLS can be dropped at any time") {
  SUBCASE("in the handshake") {
    ask();
    auto plain = server.accept();
    home.call([&] { call.reset(); });
    while (!plain.receive().empty()) {
    }
  }
  SUBCASE("while it waits") {
    ask();
    auto socket = accept();
    REQUIRE(socket);
    home.call([&] { call.reset(); });
    char c;
    while (SSL_read(socket.get(), &c, 1) == 1) {
    }
  }
  SUBCASE("with its loop") {
    ask();
    auto socket = accept();
    home.stop();
  }
}

} // namespace wsrelay::upstream_tls_test
