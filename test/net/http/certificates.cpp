// OpenSSL's calls for certificates.
#include "test/net/http/certificates.hpp"

#include <doctest/doctest.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <unistd.h>

#include <cstring>

namespace wsrelay::test {

namespace {

key_ptr make_key() {
  return key_ptr{EVP_EC_gen("P-256")};
}

void set_name(X509_NAME* name, const char* text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text), -1,
                             -1, 0);
}

void add(X509* to, int kind, const std::string& value) {
  auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

certificate_ptr make_certificate(EVP_PKEY* key, const char* name) {
  certificate_ptr made{X509_new()};
  X509_set_version(made.get(), 2); // version 3
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key);
  set_name(X509_get_subject_name(made.get()), name);
  return made;
}

void sign(X509* what, X509* issuer, EVP_PKEY* key) {
  X509_set_issuer_name(what, X509_get_subject_name(issuer));
  REQUIRE(X509_sign(what, key, EVP_sha256()) > 0);
}

template <class Write>
std::string pem_of(Write write) {
  std::unique_ptr<BIO, freed_by<BIO_vfree>> out{BIO_new(BIO_s_mem())};
  REQUIRE(write(out.get()) == 1);
  char* bytes = nullptr;
  auto size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

pem_pair to_pem(X509* certificate, EVP_PKEY* key, const char* passphrase) {
  auto* cipher = passphrase ? EVP_aes_128_cbc() : nullptr;
  auto* secret = reinterpret_cast<const unsigned char*>(passphrase);
  auto length = passphrase ? static_cast<int>(std::strlen(passphrase)) : 0;
  return {
      pem_of([&](BIO* out) { return PEM_write_bio_X509(out, certificate); }),
      pem_of([&](BIO* out) {
        return PEM_write_bio_PrivateKey(out, key, cipher, secret, length,
                                        nullptr, nullptr);
      })};
}

pem_pair make_pair(key_ptr key, long until, const char* passphrase) {
  auto made = make_certificate(key.get(), "self");
  X509_gmtime_adj(X509_getm_notBefore(made.get()), until - 3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), until);
  sign(made.get(), made.get(), key.get());
  return to_pem(made.get(), key.get(), passphrase);
}

} // namespace

pem_pair make_self_signed(long until, const char* passphrase) {
  return make_pair(make_key(), until, passphrase);
}

pem_pair make_rsa_self_signed() {
  return make_pair(key_ptr{EVP_RSA_gen(2048)}, 1800, nullptr);
}

std::string make_authorities(int count) {
  auto key = make_key();
  std::string out;
  for (int i = 0; i < count; ++i) {
    auto name = std::to_string(1'000'000 + i) + std::string(57, 'x');
    auto made = make_certificate(key.get(), name.c_str());
    sign(made.get(), made.get(), key.get());
    out += to_pem(made.get(), key.get(), nullptr).certificate;
  }
  return out;
}

test_authority::test_authority()
    : key_{make_key()}, certificate_{make_certificate(key_.get(), "test")} {
  add(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  sign(certificate_.get(), certificate_.get(), key_.get());
  std::string path = "/tmp/wsrelay-test-XXXXXX";
  auto fd = ::mkstemp(path.data());
  REQUIRE(fd >= 0);
  auto* out = ::fdopen(fd, "w");
  PEM_write_X509(out, certificate_.get());
  std::fclose(out);
  file_ = path;
}

test_authority::~test_authority() {
  ::unlink(file_.c_str());
}

tls_server_ptr test_authority::make_server(const std::string& names) const {
  return make_server(names, make_key());
}

tls_server_ptr test_authority::make_rsa_server(const std::string& names) const {
  return make_server(names, key_ptr{EVP_RSA_gen(2048)});
}

tls_server_ptr test_authority::make_server(const std::string& names,
                                           key_ptr key) const {
  auto certificate = sign_for(names, key.get());
  tls_server_ptr made{SSL_CTX_new(TLS_server_method())};
  REQUIRE(SSL_CTX_use_certificate(made.get(), certificate.get()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(made.get(), key.get()) == 1);
  return made;
}

certificate_ptr test_authority::sign_for(const std::string& names,
                                         EVP_PKEY* key) const {
  auto certificate = make_certificate(key, "server");
  add(certificate.get(), NID_subject_alt_name, names);
  sign(certificate.get(), certificate_.get(), key_.get());
  return certificate;
}

pem_pair test_authority::make_files(const std::string& names) const {
  auto key = make_key();
  return to_pem(sign_for(names, key.get()).get(), key.get(), nullptr);
}

} // namespace wsrelay::test
