// Which certificate a service shows, what it agrees to, and what is wrong with
// its files.
#include "net/http/service_tls.hpp"

#include "net/check_files.hpp"
#include "test/net/http/certificates.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

namespace wsrelay::service_tls_test {

using namespace wsrelay::test;

namespace {

// A client that has shaken hands with the service, or tried to.
struct handshake {
  handshake(const service_tls& service, const tls_server_ptr& settings,
            const char* name = nullptr)
      : client{SSL_new(settings.get())}, server{SSL_new(service.context())} {
    BIO *mine = nullptr, *theirs = nullptr;
    BIO_new_bio_pair(&mine, 0, &theirs, 0);
    SSL_set_bio(client.get(), mine, mine);
    SSL_set_bio(server.get(), theirs, theirs);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    if (name)
      SSL_set_tlsext_host_name(client.get(), name);
    for (int i = 0; i < 10 && !is_done(); ++i) {
      SSL_do_handshake(client.get());
      SSL_do_handshake(server.get());
    }
    ERR_clear_error();
  }

  bool is_done() const {
    return SSL_is_init_finished(client.get())
           && SSL_is_init_finished(server.get());
  }

  // The names in the certificate that was shown.
  bool shows(const std::string& name) const {
    certificate_ptr shown{SSL_get1_peer_certificate(client.get())};
    return shown
           && X509_check_host(shown.get(), name.data(), name.size(), 0, nullptr)
                  == 1;
  }

  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

  tls_socket_ptr client;
  tls_socket_ptr server;
};

struct fixture {
  service_tls_config settings;
  ticket_keys keys = make_ticket_keys();
  temporary_folder folder;
  test_authority authority;
  tls_server_ptr client{SSL_CTX_new(TLS_client_method())};

  void add(const std::string& names) {
    auto number = std::to_string(settings.certificates.size());
    auto made = authority.make_files(names);
    folder.write(number + ".pem", made.certificate);
    folder.write(number + ".key", made.key);
    settings.certificates.push_back(
        {folder / (number + ".pem"), folder / (number + ".key")});
  }

  std::shared_ptr<const service_tls> make() {
    auto made = service_tls::make(settings, keys);
    REQUIRE(made);
    return *made;
  }

  std::string refused() {
    auto made = service_tls::make(settings, keys);
    return made ? "" : made.error().what;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a client gets the certificate with the name that "
                           "it asks for, or the first one") {
  add("DNS:a.example");
  add("DNS:b.example,DNS:*.c.example");
  auto service = make();
  CHECK(handshake{*service, client}.shows("a.example"));
  CHECK(handshake{*service, client, "a.example"}.shows("a.example"));
  CHECK(handshake{*service, client, "B.EXAMPLE"}.shows("b.example"));
  CHECK(handshake{*service, client, "x.c.example"}.shows("b.example"));
  CHECK(handshake{*service, client, "x.y.c.example"}.shows("a.example"));
  CHECK(handshake{*service, client, "nobody.example"}.shows("a.example"));
}

TEST_CASE_FIXTURE(fixture, "TLS 1.2 and 1.3 with forward secrecy, nothing "
                           "else") {
  add("DNS:a.example");
  auto service = make();
  auto agrees = [&](int version, const char* ciphers) {
    SSL_CTX_set_security_level(client.get(), 0);
    SSL_CTX_set_min_proto_version(client.get(), version);
    SSL_CTX_set_max_proto_version(client.get(), version);
    REQUIRE(SSL_CTX_set_cipher_list(client.get(), ciphers) == 1);
    return handshake{*service, client}.is_done();
  };
  CHECK(agrees(TLS1_3_VERSION, "ALL"));
  CHECK(agrees(TLS1_2_VERSION, "ALL"));
  CHECK(agrees(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"));
  CHECK(agrees(TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305"));
  CHECK(!agrees(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA"));
  CHECK(!agrees(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384"));
  CHECK(!agrees(TLS1_2_VERSION, "AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256"));
  CHECK(!agrees(TLS1_1_VERSION, "ALL"));
  CHECK(!agrees(TLS1_VERSION, "ALL"));
}

TEST_CASE_FIXTURE(fixture, "HTTP/1.1 is agreed to, and no other protocol") {
  add("DNS:a.example");
  auto service = make();
  auto offer = [&](std::string_view protocols) {
    REQUIRE(SSL_CTX_set_alpn_protos(
                client.get(),
                reinterpret_cast<const unsigned char*>(protocols.data()),
                static_cast<unsigned>(protocols.size()))
            == 0);
  };
  CHECK(handshake{*service, client}.protocol() == "");
  offer("\x02h2\x08http/1.1");
  CHECK(handshake{*service, client}.protocol() == "http/1.1");
  offer("\x02h2");
  CHECK(!handshake{*service, client}.is_done());
}

TEST_CASE_FIXTURE(fixture, "a session is resumed, whichever certificate it "
                           "began with, also when all were loaded again") {
  add("DNS:a.example");
  add("DNS:b.example");
  auto service = make();
  for (auto* name : {"a.example", "b.example", "a.example"}) {
    handshake first{*service, client, name};
    REQUIRE(first.is_done());
    char byte = 0;
    SSL_read(first.client.get(), &byte, 1); // the tickets
    std::unique_ptr<SSL_SESSION, freed_by<SSL_SESSION_free>> session{
        SSL_get1_session(first.client.get())};
    REQUIRE(SSL_SESSION_is_resumable(session.get()) == 1);
    tls_socket_ptr second{SSL_new(client.get())};
    SSL_set_session(second.get(), session.get());
    if (name == std::string{"b.example"})
      service = make();
    tls_socket_ptr server{SSL_new(service->context())};
    BIO *mine = nullptr, *theirs = nullptr;
    BIO_new_bio_pair(&mine, 0, &theirs, 0);
    SSL_set_bio(second.get(), mine, mine);
    SSL_set_bio(server.get(), theirs, theirs);
    SSL_set_tlsext_host_name(second.get(), name);
    for (int i = 0; i < 10; ++i) {
      SSL_connect(second.get());
      SSL_accept(server.get());
    }
    CHECK(SSL_session_reused(second.get()) == 1);
    ERR_clear_error();
  }
}

TEST_CASE_FIXTURE(fixture, "what expires first counts") {
  using namespace std::chrono;
  add("DNS:a.example"); // an hour
  auto in = [](auto what) { return system_clock::now() + what; };
  CHECK(make()->expires() > in(50min));
  CHECK(make()->expires() < in(70min));
  auto sooner = make_self_signed(600);
  folder.write("s.pem", sooner.certificate);
  folder.write("s.key", sooner.key);
  settings.certificates.push_back({folder / "s.pem", folder / "s.key"});
  CHECK(make()->expires() < in(11min));
  CHECK(make()->expires() > in(5min));
}

// -- files --------------------------------------------------------------------

TEST_CASE_FIXTURE(fixture, "clients are told of authorities as many as a "
                           "handshake has room for, and else of none") {
  add("DNS:a.example");
  settings.client_ca = folder / "authorities.pem";
  settings.client_certificate = client_certificate_policy::request;
  for (auto [count, told] : {std::pair{1, 1}, {300, 300}, {600, 0}}) {
    auto& shown_count = count;
    CAPTURE(shown_count);
    folder.write("authorities.pem", make_authorities(count));
    handshake made{*make(), client};
    CHECK(made.is_done());
    auto* names = SSL_get0_peer_CA_list(made.client.get());
    CHECK(std::max(sk_X509_NAME_num(names), 0) == told);
  }
}

TEST_CASE_FIXTURE(fixture, "what is wrong with a file is told before a start "
                           "and at it") {
  add("DNS:a.example");
  add("DNS:b.example");
  settings.are_listed = true;
  auto& second = settings.certificates[1];
  std::string key = "key", why;
  SUBCASE("an encrypted key") {
    folder.write("1.key", make_self_signed(1800, "secret").key);
    why = "it is encrypted, and nobody is asked for a passphrase";
  }
  SUBCASE("another one's key") {
    folder.write("1.key", make_self_signed().key);
    why = "it does not fit the certificate";
  }
  SUBCASE("a key of another kind") {
    folder.write("1.key", make_rsa_self_signed().key);
    why = "it does not fit the certificate";
  }
  SUBCASE("no key") {
    folder.write("1.key", "nothing");
    why = "it holds no private key in PEM";
  }
  SUBCASE("no certificate") {
    key = "certificate";
    folder.write("1.pem", "nothing");
    why = "it holds no certificate in PEM";
  }
  SUBCASE("a pipe, which would be waited for") {
    std::filesystem::remove(second.key);
    REQUIRE(::mkfifo(second.key.c_str(), 0600) == 0);
    why = "it is not a file";
  }
  SUBCASE("a file that is too long") {
    std::filesystem::resize_file(second.key, (1 << 20) + 1);
    why = "it is longer than 1 MiB";
  }
  auto path = key == "key" ? second.key : second.certificate;
  auto text = "cannot use " + path + ": " + why;
  CHECK(refused() == text);
  auto found = check_service_tls(settings);
  REQUIRE(found.size() == 1);
  CHECK(found[0].key == "tls.certificates[1]." + key);
  CHECK(found[0].text == text);
  CHECK(found[0].is_error);
}

TEST_CASE_FIXTURE(fixture, "a file of 1 MiB is not too long") {
  auto made = make_self_signed();
  folder.write("0.pem", std::string((1 << 20) - made.certificate.size(), '\n')
                            + made.certificate);
  folder.write("0.key", made.key);
  settings.certificates = {{folder / "0.pem", folder / "0.key"}};
  CHECK(refused() == "");
}

TEST_CASE_FIXTURE(fixture, "a certificate that is out of date is a warning") {
  auto old = make_self_signed(-60);
  folder.write("0.pem", old.certificate);
  folder.write("0.key", old.key);
  settings.certificates = {{folder / "0.pem", folder / "0.key"}};
  CHECK(refused() == "");
  auto found = check_service_tls(settings);
  REQUIRE(found.size() == 1);
  CHECK(found[0].key == "tls.certificate");
  CHECK(found[0].text.find("has expired on ") != std::string::npos);
  CHECK(!found[0].is_error);
}

TEST_CASE_FIXTURE(fixture, "wsrelayd --check opens the files") {
  add("DNS:a.example");
  folder.write("0.key", "nothing");
  auto& files = settings.certificates[0];
  auto loaded =
      load_config("- name: gw\n  kind: http.service\n  tls:\n"
                  "    certificate: "
                      + files.certificate + "\n    key: " + files.key + "\n",
                  "relay.yaml", check_files);
  REQUIRE(loaded.errors.size() == 1);
  CHECK(to_text(loaded.errors[0])
        == "relay.yaml:5: gw.tls.key: cannot use " + files.key
               + ": it holds no private key in PEM");
}

} // namespace wsrelay::service_tls_test
