// The signature of a trusted relay header: its text form and what is signed.
// The HMAC itself is computed in net/http.
#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay {

/// A parsed X-WS-Relay-Signature, "v1;expires=1767225600;nonce=...;hmac=...":
/// the three fields in any order, each once, no spaces.
struct relay_signature {
  std::int64_t expires = 0; // seconds since the Unix epoch
  std::string nonce;        // 16 to 64 characters of [A-Za-z0-9_-]
  std::string hmac;         // 64 lower-case hexadecimal digits
};

/// Parses the header's value. Whether it expired and whether the digest is
/// right is for the caller to find out.
result<relay_signature> parse_signature(std::string_view text);

/// What a signature is for: a request as the client made it.
struct signed_request {
  std::string_view method;
  std::string_view host;   // the authority that it asked for; case is ignored
  std::string_view target; // path and query
  std::string_view command;
};

/// Returns the bytes that are signed: "v1", expires, nonce, method, host in
/// lower case, target and command, joined by "\n".
std::string signed_text(const relay_signature& signature,
                        const signed_request& what);

/// Returns whether two digests are equal, in time that depends on their length
/// only.
bool equal_digests(std::string_view a, std::string_view b) noexcept;

} // namespace wsrelay
