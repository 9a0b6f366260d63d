// Certificates for tests, made on the spot.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace wsrelay::test {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using tls_server_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
using tls_socket_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;

/// A certificate that has signed itself, and its key; both PEM.
struct pem_pair {
  std::string certificate;
  std::string key;
};

/// Makes one that is valid from an hour before `until`, in seconds from now.
/// `passphrase`: encrypts the key.
pem_pair make_self_signed(long until = 1800, const char* passphrase = nullptr);

/// The same with an RSA key.
pem_pair make_rsa_self_signed();

/// Makes many that have signed themselves, each with a subject of its own, of
/// some 80 bytes; PEM, one after the other, without the keys.
std::string make_authorities(int count);

/// Signs the certificates of servers. Its own one is in a file.
class test_authority {
public:
  test_authority();
  ~test_authority();

  test_authority(const test_authority&) = delete;
  test_authority& operator=(const test_authority&) = delete;

  /// PEM, as `ca:` wants it.
  const std::string& file() const noexcept { return file_; }

  /// Returns a server with a certificate for `names`, such as
  /// "DNS:a.example,IP:127.0.0.1".
  tls_server_ptr make_server(const std::string& names) const;

  /// Returns the same as files.
  pem_pair make_files(const std::string& names) const;

  /// The same with an RSA key, which goes with more exchanges of keys.
  tls_server_ptr make_rsa_server(const std::string& names) const;

private:
  tls_server_ptr make_server(const std::string& names, key_ptr key) const;
  certificate_ptr sign_for(const std::string& names, EVP_PKEY* key) const;

  key_ptr key_;
  certificate_ptr certificate_;
  std::string file_;
};

} // namespace wsrelay::test
