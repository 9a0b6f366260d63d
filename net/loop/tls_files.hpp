// PEM files for TLS: loaded, and what is wrong with them in words about the
// file. OpenSSL would ask the terminal for a passphrase, and says of most files
// only that it does not know them.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <openssl/x509.h>

#include <string>

namespace wsrelay {

/// Each loads a file, of certificates and keys at most 1 MiB, and returns why
/// it cannot be used, "" if it can. Blocks for the disk.
std::string load_authorities(boost::asio::ssl::context& into,
                             const std::string& path);
std::string load_certificate(boost::asio::ssl::context& into,
                             const std::string& path);

/// `has_certificate`: one was loaded before, which the key has to fit.
std::string load_key(boost::asio::ssl::context& into, const std::string& path,
                     bool has_certificate);

/// Returns that it has expired or is not valid yet; "" when it is good today.
std::string age_fault(const X509* certificate);

/// The same of authorities, of which one is enough.
std::string age_fault(X509_STORE* authorities);

/// Returns "cannot use PATH: WHY".
std::string cannot_use(const std::string& path, const std::string& why);

} // namespace wsrelay
