// The certificate of the other side of a TLS connection, as programs see it.
#pragma once

#include "actors/messages.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>

namespace wsrelay {

/// Bytes of a certificate's subject, of which the rest is cut off, and of its
/// names, of which those beyond are left out, as is what is no plain UTF-8.
inline constexpr std::size_t max_certificate_names = 4096;

/// Returns what the other side has shown and proved; null when that is nothing.
std::shared_ptr<const client_certificate> certificate_of(const SSL* connection);

/// Returns whether the other side's certificate is over: a session that is
/// resumed is not judged by OpenSSL again.
bool has_expired_certificate(const SSL* connection);

} // namespace wsrelay
