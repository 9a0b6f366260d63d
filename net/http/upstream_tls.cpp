// OpenSSL's side of calls.
#include "net/http/upstream_tls.hpp"

#include <boost/asio/ip/address.hpp>

#include <fmt/format.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace wsrelay {

namespace {

namespace ssl = boost::asio::ssl;
using error_code = boost::system::error_code;

// RFC 7301: the length, then the name.
constexpr unsigned char http_protocol[] = "\x08http/1.1";

void set_up(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // A connection that is kept needs no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_protos(context, http_protocol, sizeof http_protocol - 1);
}

result<upstream_context> make(const std::string& ca) {
  auto made = std::make_shared<ssl::context>(ssl::context::tls_client);
  set_up(made->native_handle());
  made->set_verify_mode(ssl::verify_peer);
  error_code ec;
  if (ca.empty())
    made->set_default_verify_paths(ec);
  else
    made->load_verify_file(ca, ec);
  if (ec)
    return failure{fmt::format("cannot use {}: {}",
                               ca.empty() ? "the system's authorities" : ca,
                               ec.message())};
  return made;
}

} // namespace

result<upstream_context> upstream_contexts::find(const std::string& ca) {
  std::unique_lock guard{mutex_};
  if (auto found = made_.find(ca); found != made_.end())
    return found->second;
  auto made = make(ca);
  if (made)
    made_.emplace(ca, *made);
  return made;
}

bool expect_host(SSL* connection, const std::string& host) {
  auto* rules = SSL_get0_param(connection);
  error_code ec;
  boost::asio::ip::make_address(host, ec);
  if (!ec)
    return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  // The dot of a full name stands in no certificate (RFC 6066 section 3).
  auto name = host.substr(0, host.size() - (host.ends_with('.') ? 1 : 0));
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1
         && SSL_set_tlsext_host_name(connection, name.c_str()) == 1;
}

std::string handshake_failure(SSL* connection, error_code ec) {
  auto verified = SSL_get_verify_result(connection);
  if (verified == X509_V_OK)
    return ec.message();
  return fmt::format("{}: {}", ec.message(),
                     X509_verify_cert_error_string(verified));
}

} // namespace wsrelay
