// The files of a node's certificate, before and at its start.
#include "net/cluster/tls.hpp"

#include "net/check_files.hpp"
#include "test/net/http/certificates.hpp"
#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::tls_test {

namespace {

struct fixture {
  test::temporary_folder folder;
  test::pem_pair mine = test::make_self_signed();
  tls_config settings{folder / "a.pem", folder / "a.key", folder / "ca.pem"};

  fixture() {
    folder.write("a.pem", mine.certificate);
    folder.write("a.key", mine.key);
    folder.write("ca.pem", mine.certificate);
  }

  // "ERROR KEY TEXT" or "WARNING KEY TEXT" of each line.
  std::string found() const {
    auto text = "- name: a\n  kind: cluster.node\n  tls:\n    certificate: "
                + settings.certificate + "\n    key: " + settings.key
                + "\n    ca: " + settings.ca + "\n  peers: [\"127.0.0.1:1\"]\n";
    auto loaded = load_config(text, "relay.yaml", check_files);
    std::string result;
    for (auto& each : loaded.errors)
      result += "error: " + to_text(each) + "\n";
    for (auto& each : loaded.warnings)
      result += "warning: " + to_text(each) + "\n";
    return result;
  }

  // A start says the first of them.
  std::string refused() const {
    auto made = make_node_tls(settings);
    return made ? "" : made.error().what;
  }

  void check_error(int line, const std::string& key, const std::string& text) {
    CHECK(found()
          == "error: relay.yaml:" + std::to_string(line) + ": a.tls." + key
                 + ": " + text + "\n");
    CHECK(refused() == text);
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "good certificates have no fault") {
  CHECK(found() == "");
  CHECK(refused() == "");
  CHECK(check_node_tls({}).empty());
}

TEST_CASE_FIXTURE(fixture, "a key of another certificate is an error") {
  auto text =
      "cannot use " + settings.key + ": it does not fit the certificate";
  folder.write("a.key", test::make_self_signed().key);
  check_error(5, "key", text);
  folder.write("a.key", test::make_rsa_self_signed().key); // of another kind
  check_error(5, "key", text);
}

TEST_CASE_FIXTURE(fixture, "a key that is encrypted is an error, and nobody is "
                           "asked") {
  auto encrypted = test::make_self_signed(1800, "secret");
  folder.write("a.pem", encrypted.certificate);
  folder.write("a.key", encrypted.key);
  check_error(5, "key",
              "cannot use " + settings.key
                  + ": it is encrypted, and nobody is asked for a passphrase");
}

TEST_CASE_FIXTURE(fixture, "files without what they should hold are errors, "
                           "all in one report") {
  folder.write("a.pem", "nothing");
  check_error(4, "certificate",
              "cannot use " + settings.certificate
                  + ": it holds no certificate in PEM");
  folder.write("a.key", mine.certificate);
  folder.write("ca.pem", mine.key);
  auto all = found();
  for (auto* key :
       {":4: a.tls.certificate: ", ":5: a.tls.key: ", ":6: a.tls.ca: "})
    CHECK(all.find(key) != std::string::npos);
  CHECK(all.find("it holds no private key in PEM") != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "an authority without a certificate is an error") {
  folder.write("ca.pem", "");
  check_error(6, "ca",
              "cannot use " + settings.ca + ": it holds no certificate in PEM");
  folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"
                         "-----END CERTIFICATE-----\n");
  CHECK(found().starts_with("error: relay.yaml:6: a.tls.ca: cannot use "));
  CHECK(refused() != "");
}

TEST_CASE_FIXTURE(fixture, "a certificate that is out of date is a warning") {
  auto old = test::make_self_signed(-1);
  folder.write("a.pem", old.certificate);
  folder.write("a.key", old.key);
  CHECK(found().starts_with("warning: relay.yaml:4: a.tls.certificate: "
                            + settings.certificate + " has expired on 2"));
  CHECK(refused() == "");
  folder.write("ca.pem", old.certificate);
  CHECK(found().find("warning: relay.yaml:6: a.tls.ca: ") != std::string::npos);
  folder.write("ca.pem", old.certificate + mine.certificate); // one is enough
  CHECK(found().find("a.tls.ca") == std::string::npos);
  auto early = test::make_self_signed(2 * 3600);
  folder.write("a.pem", early.certificate);
  folder.write("a.key", early.key);
  CHECK(found().find(" is valid from 2") != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "a file that is not there has one error") {
  settings.key = folder / "none";
  CHECK(found()
        == "error: relay.yaml:5: a.tls.key: is not a file: " + settings.key
               + ": No such file or directory\n");
}

TEST_CASE_FIXTURE(fixture, "authorities of upstreams are read as well") {
  folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"
                         "-----END CERTIFICATE-----\n");
  auto loaded =
      load_config("- {name: web, kind: http.service, addr: \"127.0.0.1:0\"}\n"
                  "- {name: api, kind: http.router, meta: {server: web}}\n"
                  "- name: e\n  kind: http.endpoint\n  meta: {router: api}\n"
                  "  path: /x\n  upstream: https://localhost\n  ca: "
                      + settings.ca + "\n",
                  "relay.yaml", check_files);
  REQUIRE(loaded.errors.size() == 1);
  CHECK(to_text(loaded.errors[0])
            .starts_with("relay.yaml:8: e.ca: cannot use " + settings.ca));
}

} // namespace wsrelay::tls_test
