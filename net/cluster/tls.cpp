// The TLS context of a node.
#include "net/cluster/tls.hpp"

#include "net/loop/key_exchange.hpp"

#include <fmt/format.h>

namespace wsrelay {

namespace {

namespace ssl = boost::asio::ssl;
using error_code = boost::system::error_code;

failure cannot_use(const std::string& file, error_code ec) {
  return failure{fmt::format("cannot use {}: {}", file, ec.message())};
}

} // namespace

result<tls_context_ptr> make_node_tls(const tls_config& settings) {
  if (!settings.enabled())
    return tls_context_ptr{};
  auto made = std::make_shared<ssl::context>(ssl::context::tls);
  made->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1
                    | ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION);
  if (!exclude_finite_fields(made->native_handle()))
    return failure{"OpenSSL has no exchange of keys for TLS"};
  // A session that is resumed would skip the certificates.
  SSL_CTX_set_session_cache_mode(made->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(made->native_handle(), 0);
  made->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  error_code ec;
  if (made->load_verify_file(settings.ca, ec); ec)
    return cannot_use(settings.ca, ec);
  if (made->use_certificate_chain_file(settings.certificate, ec); ec)
    return cannot_use(settings.certificate, ec);
  if (made->use_private_key_file(settings.key, ssl::context::pem, ec); ec)
    return cannot_use(settings.key, ec);
  return made;
}

} // namespace wsrelay
