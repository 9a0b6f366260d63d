// The TLS context of a node.
#include "net/cluster/tls.hpp"

#include "net/loop/key_exchange.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <functional>
#include <string_view>
#include <utility>

namespace wsrelay {

namespace {

namespace ssl = boost::asio::ssl;
using error_code = boost::system::error_code;
using findings_list = std::vector<tls_finding>;

std::string cannot_use(const std::string& path, std::string_view why) {
  return fmt::format("cannot use {}: {}", path, why);
}

bool is_of(error_code ec, int library) {
  return ec.category() == boost::asio::error::get_ssl_category()
         && ERR_GET_LIB(static_cast<unsigned long>(ec.value())) == library;
}

bool is_reason(error_code ec, int library, int reason) {
  return is_of(ec, library)
         && ERR_GET_REASON(static_cast<unsigned long>(ec.value())) == reason;
}

// Some of what OpenSSL says, in words about the file. Its decoders, which read
// keys, know formats only that they were not given.
std::string reason_of(error_code ec, std::string_view content) {
  if (is_reason(ec, ERR_LIB_PEM, PEM_R_NO_START_LINE)
      || is_reason(ec, ERR_LIB_X509, X509_R_NO_CERTIFICATE_OR_CRL_FOUND)
      || is_of(ec, ERR_LIB_OSSL_DECODER))
    return fmt::format("it holds no {} in PEM", content);
  return ec.message();
}

// -- out of date --------------------------------------------------------------

std::string day_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? fmt::format("{:%F}", parts) : "?";
}

// Returns nothing for a certificate that is good today.
std::string age_fault(const X509* certificate) {
  auto* from = X509_get0_notBefore(certificate);
  auto* until = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(until) < 0)
    return fmt::format("has expired on {}", day_of(until));
  if (X509_cmp_current_time(from) > 0)
    return fmt::format("is valid from {} on only", day_of(from));
  return "";
}

// Of many authorities one is enough.
std::string age_fault(X509_STORE* authorities) {
  std::string result;
  auto* all = X509_STORE_get0_objects(authorities);
  for (int i = 0; i < sk_X509_OBJECT_num(all); ++i)
    if (auto* each = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i))) {
      result = age_fault(each);
      if (result.empty())
        break;
    }
  return result;
}

bool has_authority(X509_STORE* authorities) {
  auto* all = X509_STORE_get0_objects(authorities);
  for (int i = 0; i < sk_X509_OBJECT_num(all); ++i)
    if (X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i)))
      return true;
  return false;
}

// -- the files ----------------------------------------------------------------

// Returns why one cannot be used, "" if it can.
std::string load_ca(ssl::context& into, const std::string& path) {
  error_code ec;
  if (into.load_verify_file(path, ec); ec)
    return reason_of(ec, "certificate");
  auto* loaded = SSL_CTX_get_cert_store(into.native_handle());
  return has_authority(loaded) ? "" : "it holds no certificate"; // but a CRL
}

std::string load_certificate(ssl::context& into, const std::string& path) {
  error_code ec;
  into.use_certificate_chain_file(path, ec);
  return ec ? reason_of(ec, "certificate") : "";
}

// OpenSSL would ask whoever is at the terminal.
std::string load_key(ssl::context& into, const std::string& path) {
  auto encrypted = std::make_shared<bool>(false);
  error_code ec;
  into.set_password_callback(
      [encrypted](std::size_t, ssl::context::password_purpose) {
        *encrypted = true;
        return std::string{};
      },
      ec);
  into.use_private_key_file(path, ssl::context::pem, ec);
  if (*encrypted)
    return "it is encrypted, and nobody is asked for a passphrase";
  if (is_reason(ec, ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH))
    return "it does not fit the certificate";
  return ec ? reason_of(ec, "private key") : "";
}

// A key of another kind than the certificate's is not compared when it is
// loaded.
bool key_fits(ssl::context& loaded) {
  return SSL_CTX_check_private_key(loaded.native_handle()) == 1;
}

findings_list load_files(ssl::context& into, const tls_config& settings) {
  findings_list result;
  auto load = [&](tls_file file, const std::string& path, auto apply) {
    auto why = apply(into, path);
    if (!why.empty())
      result.push_back({file, cannot_use(path, why)});
    return why.empty();
  };
  load(tls_file::ca, settings.ca, load_ca);
  auto has_certificate =
      load(tls_file::certificate, settings.certificate, load_certificate);
  auto has_key = load(tls_file::key, settings.key, load_key);
  if (has_certificate && has_key && !key_fits(into))
    result.push_back(
        {tls_file::key,
         cannot_use(settings.key, "it does not fit the certificate")});
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
