// What OpenSSL says, in words about files.
#include "net/loop/tls_files.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>

namespace wsrelay {

namespace {

namespace ssl = boost::asio::ssl;
using error_code = boost::system::error_code;

constexpr off_t max_size = 1024 * 1024;

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

std::string day_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? fmt::format("{:%F}", parts) : "?";
}

bool has_authority(X509_STORE* authorities) {
  auto* all = X509_STORE_get0_objects(authorities);
  for (int i = 0; i < sk_X509_OBJECT_num(all); ++i)
    if (X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i)))
      return true;
  return false;
}

// A key of another kind than the certificate's is not compared when it is
// loaded.
bool key_fits(ssl::context& loaded) {
  return SSL_CTX_check_private_key(loaded.native_handle()) == 1;
}

// Returns why a file can be no certificate and no key. A pipe or a terminal in
// its place would hold who reads it.
std::string file_fault(const std::string& path) {
  struct stat seen {};
  if (::stat(path.c_str(), &seen) != 0)
    return std::strerror(errno);
  if (!S_ISREG(seen.st_mode))
    return "it is not a file";
  return seen.st_size > max_size ? "it is longer than 1 MiB" : "";
}

} // namespace

// -- out of date --------------------------------------------------------------

std::string age_fault(const X509* certificate) {
  auto* from = X509_get0_notBefore(certificate);
  auto* until = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(until) < 0)
    return fmt::format("has expired on {}", day_of(until));
  if (X509_cmp_current_time(from) > 0)
    return fmt::format("is valid from {} on only", day_of(from));
  return "";
}

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

// -- the files ----------------------------------------------------------------

std::string load_authorities(ssl::context& into, const std::string& path) {
  error_code ec;
  if (into.load_verify_file(path, ec); ec)
    return reason_of(ec, "certificate");
  auto* loaded = SSL_CTX_get_cert_store(into.native_handle());
  return has_authority(loaded) ? "" : "it holds no certificate"; // but a CRL
}

std::string load_certificate(ssl::context& into, const std::string& path) {
  if (auto fault = file_fault(path); !fault.empty())
    return fault;
  error_code ec;
  into.use_certificate_chain_file(path, ec);
  return ec ? reason_of(ec, "certificate") : "";
}

// OpenSSL would ask whoever is at the terminal.
std::string load_key(ssl::context& into, const std::string& path,
                     bool has_certificate) {
  if (auto fault = file_fault(path); !fault.empty())
    return fault;
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
  if (ec)
    return reason_of(ec, "private key");
  auto is_good = !has_certificate || key_fits(into);
  return is_good ? "" : "it does not fit the certificate";
}

std::string cannot_use(const std::string& path, const std::string& why) {
  return fmt::format("cannot use {}: {}", path, why);
}

} // namespace wsrelay
