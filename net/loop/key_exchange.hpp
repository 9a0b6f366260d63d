// What TLS on a loop may cost before the other side has proved who it is.
#pragma once

#include <openssl/ssl.h>

namespace wsrelay {

/// Leaves elliptic curves and RSA for the exchange of keys: Diffie-Hellman over
/// a finite field holds a loop for 0.1 s with TLS 1.3's ffdhe8192, and for 0.9
/// s with TLS 1.2 and a prime of the server's choice (9990 bits; OpenSSL 3.0
/// takes 10000). False when OpenSSL knows none that is left.
inline bool exclude_finite_fields(SSL_CTX* context) {
  // The second list is for FIPS 140-2, which knows fewer curves.
  return SSL_CTX_set_cipher_list(context, "DEFAULT:!kDHE:!kDHEPSK") == 1
         && (SSL_CTX_set1_groups_list(context, "X25519:P-256:X448:P-521:P-384")
                 == 1
             || SSL_CTX_set1_groups_list(context, "P-256:P-521:P-384") == 1);
}

} // namespace wsrelay
