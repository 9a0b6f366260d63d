// Names in X.509.
#include "net/loop/peer_certificate.hpp"

#include "protocol/utf8.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <array>
#include <string>
#include <string_view>

namespace wsrelay {

namespace {

// A subject of which nothing can be told: it was shown all the same.
constexpr std::string_view unprintable = "(not printable)";

struct free_bio {
  void operator()(BIO* what) const noexcept { BIO_free(what); }
};

struct free_names {
  void operator()(GENERAL_NAMES* what) const noexcept {
    GENERAL_NAMES_free(what);
  }
};

using general_names = std::unique_ptr<GENERAL_NAMES, free_names>;

// RFC 2253, with letters beyond ASCII as they are.
std::string subject_of(const X509* certificate) {
  std::unique_ptr<BIO, free_bio> out{BIO_new(BIO_s_mem())};
  constexpr auto flags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
  if (!out
      || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                            flags)
             < 0)
    return {};
  char* text = nullptr;
  auto size = BIO_get_mem_data(out.get(), &text);
  std::string result{text, static_cast<std::size_t>(size)};
  result.resize(valid_utf8_prefix(
      std::string_view{result}.substr(0, max_certificate_names)));
  return is_plain_utf8(result) ? result : std::string{unprintable};
}

std::string_view bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_of(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  auto family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16)
    return {};
  return ::inet_ntop(family, bytes.data(), text.data(), text.size())
             ? std::string{text.data()}
             : std::string{};
}

// With its kind, as OpenSSL prints it; "" for kinds that are hardly used.
std::string text_of(const GENERAL_NAME& name) {
  auto with = [](std::string_view kind, std::string_view value) {
    return value.empty() ? std::string{} : std::string{kind}.append(value);
  };
  switch (name.type) {
    case GEN_DNS:
      return with("DNS:", bytes_of(name.d.dNSName));
    case GEN_EMAIL:
      return with("email:", bytes_of(name.d.rfc822Name));
    case GEN_URI:
      return with("URI:", bytes_of(name.d.uniformResourceIdentifier));
    case GEN_IPADD:
      return with("IP:", address_of(bytes_of(name.d.iPAddress)));
    default:
      return {};
  }
}

std::vector<std::string> names_of(const X509* certificate) {
  general_names all{static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  std::vector<std::string> result;
  std::size_t size = 0;
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    auto text = text_of(*sk_GENERAL_NAME_value(all.get(), i));
    size += text.size();
    if (size > max_certificate_names)
      break;
    if (!text.empty() && is_plain_utf8(text))
      result.push_back(std::move(text));
  }
  return result;
}

} // namespace

std::shared_ptr<const client_certificate>
certificate_of(const SSL* connection) {
  auto* shown = SSL_get0_peer_certificate(connection);
  if (!shown || SSL_get_verify_result(connection) != X509_V_OK)
    return nullptr;
  return std::make_shared<const client_certificate>(
      client_certificate{subject_of(shown), names_of(shown)});
}

bool has_expired_certificate(const SSL* connection) {
  auto* shown = SSL_get0_peer_certificate(connection);
  return shown && X509_cmp_current_time(X509_get0_notAfter(shown)) < 0;
}

} // namespace wsrelay
