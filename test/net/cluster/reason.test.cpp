// OpenSSL's text, and the setting that it is about.
#include "net/cluster/reason.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <doctest/doctest.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace wsrelay::reason_test {

namespace {

struct fixture {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{
      SSL_CTX_new(TLS_method()), SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> tls{SSL_new(context.get()),
                                                SSL_free};

  std::string reason(int code) {
    boost::system::error_code ec{
        static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, code)),
        boost::asio::error::get_ssl_category()};
    return tls_reason(ec, tls.get());
  }

  bool says(int code, std::string_view part) {
    auto text = reason(code);
    CAPTURE(text);
    return text.find(part) != text.npos;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a certificate that does not pass: why, and which "
                           "setting") {
  SSL_set_verify_result(tls.get(),
                        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  CHECK(says(SSL_R_CERTIFICATE_VERIFY_FAILED, "certificate verify failed"));
  CHECK(says(SSL_R_CERTIFICATE_VERIFY_FAILED,
             "unable to get local issuer certificate"));
  CHECK(says(SSL_R_CERTIFICATE_VERIFY_FAILED,
             "this node's tls.ca has not signed"));
  SSL_set_verify_result(tls.get(), X509_V_ERR_INVALID_PURPOSE);
  CHECK(says(SSL_R_CERTIFICATE_VERIFY_FAILED, "extended key usage"));
  SSL_set_verify_result(tls.get(), X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(says(SSL_R_CERTIFICATE_VERIFY_FAILED, "certificate has expired"));
}

TEST_CASE_FIXTURE(fixture, "what the other side says of ours, and that it says "
                           "no TLS") {
  CHECK(says(SSL_R_TLSV1_ALERT_UNKNOWN_CA, "unknown ca"));
  CHECK(says(SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the other's tls.ca has not"));
  CHECK(says(SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "extended key usage"));
  CHECK(says(SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
             "both sides need a tls.certificate"));
  CHECK(says(SSL_R_WRONG_VERSION_NUMBER, "it speaks no TLS"));
  CHECK(says(SSL_R_NO_SHARED_CIPHER, "see tls of both nodes"));
}

TEST_CASE_FIXTURE(fixture, "errors that are not of TLS keep their text") {
  CHECK(tls_reason(boost::asio::error::connection_reset, tls.get())
        == "Connection reset by peer");
}

TEST_CASE("a reset after a silence is about heartbeats, at once it is not") {
  using namespace std::chrono_literals;
  CHECK(reset_reason(49ms, 2s) == "");
  CHECK(reset_reason(50ms, 2s)
        == ": this node sent nothing for 50ms: it was frozen, its "
           "heartbeat_interval (2000ms) is not shorter than the other one's "
           "heartbeat_timeout, or what that one's log says");
}

TEST_CASE("a line tells where a node is, its name where that is known, and "
          "why") {
  std::string again =
      R"( hint="it connects again by itself; see that node's log")";
  CHECK(end_line("node lost", "192.0.2.1", "app1", "silent for 3ms")
        == R"(node lost: address=192.0.2.1 name=app1 reason="silent for 3ms")"
               + again);
  CHECK(end_line("node refused", "unix:uid=7", "", "it says \"x\"")
        == R"(node refused: address=unix:uid=7 reason="it says \"x\"")"
           R"( hint="is it a node? then see tls and release of both")");
  CHECK(end_line("node lost", "::1", "an app", "x")
        == R"(node lost: address=::1 name="an app" reason="x")" + again);
}

TEST_CASE("what did not come in time: nothing, or a part") {
  using namespace std::chrono_literals;
  CHECK(late_reason(5s, 0)
        == "nothing came within 5s: it is no node, or its cluster.node has tls "
           "and this one's has not");
  CHECK(late_reason(5s, 1) == "its greeting was not whole within 5s");
  CHECK(early_end_reason(0)
        == "it ended the connection before it had said who it is: it is no "
           "node, or its cluster.node has tls and this one's has not");
  CHECK(early_end_reason(1)
        == "it ended the connection before it had said who it is");
}

} // namespace wsrelay::reason_test
