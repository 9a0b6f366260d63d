// The certificate of the other side of a TLS connection, as programs see it.
#pragma once

#include "actors/messages.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>

namespace wsrelay {

/// Names of a certificate beyond these many bytes, or not in plain UTF-8, are
/// left out.
inline constexpr std::size_t max_certificate_names = 4096;

/// Returns what the other side has shown and proved; null when that is nothing.
std::shared_ptr<const client_certificate> certificate_of(const SSL* connection);

} // namespace wsrelay
