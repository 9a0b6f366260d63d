// Files of certificates, in the words of who named them.
#include "tools/wsrelay/connect.hpp"

#include "test/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <string>

namespace wsrelay::connect_test {

using namespace wsrelay::cli;

namespace {

struct fixture {
  test::temporary_folder folder;
  connect_options options;

  fixture() {
    options.host = "127.0.0.1";
    options.tls = {folder / "a.pem", folder / "a.key", folder / "ca.pem"};
    for (auto* name : {"a.pem", "a.key", "ca.pem"})
      folder.write(name, "nothing");
  }

  std::string wrong() {
    auto good = check_certificates(options);
    return good ? "" : good.error().what;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a file that cannot be used is called as who named "
                           "it did") {
  CHECK(wrong()
        == "--tls-ca: cannot use " + options.tls.ca
               + ": it holds no certificate in PEM");
  options.words.ca = "WSRELAY_TLS_CA";
  CHECK(wrong().starts_with("WSRELAY_TLS_CA: "));
  options.tls.ca = folder / "none";
  CHECK(wrong().find("No such file or directory") != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "certificates are for the network") {
  options.host = "/run/x.sock";
  CHECK(wrong() == "");
  options.host = "127.0.0.1";
  options.tls = {};
  CHECK(wrong() == "");
}

} // namespace wsrelay::connect_test
