// OpenSSL's contexts of a service.
#include "net/http/service_tls.hpp"

#include "config/file_text.hpp"
#include "net/loop/tls_files.hpp"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

namespace wsrelay {

namespace {

namespace ssl = boost::asio::ssl;
using service_findings = std::vector<service_tls_finding>;

// Mozilla's intermediate ones (Server Side TLS 5.7), without Diffie-Hellman
// over finite fields, which holds a loop for too long. TLS 1.3 has its own.
constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";
constexpr const char* groups_of_fips = "P-256:P-384";

// RFC 7301: the length, then the name.
constexpr unsigned char spoken_protocol[] = "\x08http/1.1";

// A session belongs to the service, whichever certificate it began with, and to
// the authorities that its client was judged by.
bool set_session_context(SSL_CTX* context, std::string_view authorities) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  static_assert(digest.size() <= SSL_MAX_SID_CTX_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(authorities.data()),
         authorities.size(), digest.data());
  return SSL_CTX_set_session_id_context(context, digest.data(), digest.size())
         == 1;
}

// Who asks for other protocols only is told so (RFC 7301 section 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size,
                    void*) {
  unsigned char* found = nullptr;
  auto outcome =
      SSL_select_next_proto(&found, size, spoken_protocol,
                            sizeof spoken_protocol - 1, offered, offered_size);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK
                                           : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::chrono::system_clock::time_point end_of(const ssl::context& loaded) {
  auto* shown = SSL_CTX_get0_certificate(
      const_cast<ssl::context&>(loaded).native_handle());
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(shown), &parts);
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

// Tickets hold all that is known of a session: nothing is kept for it here.
bool prepare(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1
         && SSL_CTX_set_cipher_list(context, ciphers) == 1
         && (SSL_CTX_set1_groups_list(context, groups) == 1
             || SSL_CTX_set1_groups_list(context, groups_of_fips) == 1)
         && set_session_context(context, {});
}

// Bytes of authorities' names that clients are told: a message of TLS takes
// 64 KiB with all else.
constexpr std::size_t max_told_names = 32 * 1024;

std::size_t size_of_names(const STACK_OF(X509_NAME) * names) {
  std::size_t result = 0;
  for (int i = 0; i < sk_X509_NAME_num(names); ++i)
    result += 2
              + static_cast<std::size_t>(std::max(
                  i2d_X509_NAME(sk_X509_NAME_value(names, i), nullptr), 0));
  return result;
}

// Asks clients for their certificates, and names the authorities.
std::string ask_clients(ssl::context& context,
                        const service_tls_config& settings) {
  if (settings.client_certificate == client_certificate_policy::off)
    return "";
  if (auto is_file = check_certificate_file(settings.client_ca); !is_file)
    return is_file.error().what;
  auto text = read_file(settings.client_ca, max_certificate_file);
  if (auto fault = load_authorities(context, settings.client_ca);
      !fault.empty())
    return fault;
  auto* native = context.native_handle();
  auto* names = SSL_load_client_CA_file(settings.client_ca.c_str());
  if (!names || !text || !set_session_context(native, *text)) {
    ERR_clear_error();
    return "it holds no certificate in PEM";
  }
  // More names than a handshake has room for are not told.
  if (size_of_names(names) <= max_told_names)
    SSL_CTX_set_client_CA_list(native, names);
  else
    sk_X509_NAME_pop_free(names, X509_NAME_free);
  auto must = settings.client_certificate == client_certificate_policy::require;
  SSL_CTX_set_verify(
      native, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
      nullptr);
  return "";
}

// Of the certificate at `place`.
void load_files_of(ssl::context& into, const service_tls_config& settings,
                   std::size_t place, service_findings& out) {
  auto& files = settings.certificates[place];
  auto add = [&](std::string_view member, const std::string& path,
                 const std::string& why) {
    if (!why.empty())
      out.push_back({settings.key_of(place, member), cannot_use(path, why)});
    return why.empty();
  };
  auto has_certificate = add("certificate", files.certificate,
                             load_certificate(into, files.certificate));
  add("key", files.key, load_key(into, files.key, has_certificate));
  ERR_clear_error();
}

bool is_for_name(const ssl::context& loaded, const char* name) {
  auto* shown = SSL_CTX_get0_certificate(
      const_cast<ssl::context&>(loaded).native_handle());
  return X509_check_host(shown, name, std::strlen(name),
                         X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr)
         == 1;
}

} // namespace

ticket_keys make_ticket_keys() {
  ticket_keys made;
  if (RAND_bytes(made.data(), static_cast<int>(made.size())) != 1)
    throw std::bad_alloc{};
  return made;
}

result<std::shared_ptr<const service_tls>>
service_tls::make(const service_tls_config& settings,
                  const ticket_keys& keys) try {
  auto made = std::make_shared<service_tls>();
  service_findings found;
  for (std::size_t i = 0; i < settings.certificates.size(); ++i) {
    auto& context = *made->contexts_.emplace_back(
        std::make_unique<ssl::context>(ssl::context::tls_server));
    if (!prepare(context.native_handle()))
      return failure{"OpenSSL lacks what TLS needs"};
    load_files_of(context, settings, i, found);
    if (!found.empty())
      return failure{found.front().text};
    if (auto why = ask_clients(context, settings); !why.empty())
      return failure{cannot_use(settings.client_ca, why)};
    auto end = end_of(context);
    made->expires_ = i == 0 ? end : std::min(made->expires_, end);
  }
  auto sealed_with = keys;
  SSL_CTX_set_tlsext_ticket_keys(made->context(), sealed_with.data(),
                                 static_cast<long>(sealed_with.size()));
  SSL_CTX_set_tlsext_servername_callback(made->context(), choose);
  SSL_CTX_set_tlsext_servername_arg(made->context(), made.get());
  return std::shared_ptr<const service_tls>{std::move(made)};
} catch (const std::exception& error) { // memory is short
  return failure{error.what()};
}

// Called in a handshake, with what the client asks for, if it does.
int service_tls::choose(SSL* connection, int*, void* self) {
  auto& all = static_cast<const service_tls*>(self)->contexts_;
  auto* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (!name)
    return SSL_TLSEXT_ERR_NOACK;
  auto found = std::find_if(all.begin(), all.end(), [name](auto& each) {
    return is_for_name(*each, name);
  });
  if (found == all.end())
    return SSL_TLSEXT_ERR_NOACK; // the first one, of which the client decides
  SSL_set_SSL_CTX(connection, (*found)->native_handle());
  return SSL_TLSEXT_ERR_OK;
}

std::vector<service_tls_finding>
check_service_tls(const service_tls_config& settings) {
  service_findings result;
  for (std::size_t i = 0; i < settings.certificates.size(); ++i) {
    ssl::context loaded{ssl::context::tls_server};
    load_files_of(loaded, settings, i, result);
    auto* shown = SSL_CTX_get0_certificate(loaded.native_handle());
    if (auto fault = shown ? age_fault(shown) : ""; !fault.empty())
      result.push_back({settings.key_of(i, "certificate"),
                        settings.certificates[i].certificate + " " + fault,
                        false});
  }
  ssl::context loaded{ssl::context::tls_server};
  if (auto why = ask_clients(loaded, settings); !why.empty())
    result.push_back({"tls.client_ca", cannot_use(settings.client_ca, why)});
  return result;
}

} // namespace wsrelay
