// The TLS context of a node.
#include "net/cluster/tls.hpp"

#include "net/loop/key_exchange.hpp"
#include "net/loop/tls_files.hpp"

#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

namespace wsrelay {

namespace {

namespace ssl = boost::asio::ssl;
using error_code = boost::system::error_code;
using findings_list = std::vector<tls_finding>;

findings_list load_files(ssl::context& into, const tls_config& settings) {
  findings_list result;
  auto add = [&](tls_file file, const std::string& path,
                 const std::string& why) {
    if (!why.empty())
      result.push_back({file, cannot_use(path, why)});
    return why.empty();
  };
  add(tls_file::ca, settings.ca, load_authorities(into, settings.ca));
  auto has_certificate = add(tls_file::certificate, settings.certificate,
                             load_certificate(into, settings.certificate));
  add(tls_file::key, settings.key,
      load_key(into, settings.key, has_certificate));
  ERR_clear_error();
  return result;
}

bool set_up(ssl::context& made) {
  made.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1
                   | ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION);
  if (!exclude_finite_fields(made.native_handle()))
    return false;
  // A session that is resumed would skip the certificates.
  SSL_CTX_set_session_cache_mode(made.native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(made.native_handle(), 0);
  made.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  return true;
}

} // namespace

result<tls_context_ptr> make_node_tls(const tls_config& settings) {
  if (!settings.enabled())
    return tls_context_ptr{};
  auto made = std::make_shared<ssl::context>(ssl::context::tls);
  if (!set_up(*made))
    return failure{"OpenSSL has no exchange of keys for TLS"};
  if (auto found = load_files(*made, settings); !found.empty())
    return failure{found.front().text};
  return made;
}

std::vector<tls_finding> check_node_tls(const tls_config& settings) {
  if (!settings.enabled())
    return {};
  ssl::context made{ssl::context::tls};
  auto result = load_files(made, settings);
  auto add = [&](tls_file file, const std::string& path, std::string fault) {
    if (!fault.empty())
      result.push_back({file, fmt::format("{} {}", path, fault), false});
  };
  if (auto* mine = SSL_CTX_get0_certificate(made.native_handle()))
    add(tls_file::certificate, settings.certificate, age_fault(mine));
  add(tls_file::ca, settings.ca,
      age_fault(SSL_CTX_get_cert_store(made.native_handle())));
  return result;
}

} // namespace wsrelay
