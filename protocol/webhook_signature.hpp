// What a webhook's receiver checks: the signatures of Standard Webhooks 1.0.0
// (https://www.standardwebhooks.com), of the symmetric kind "v1". When a secret
// is rotated, and which, is for the caller to know.
#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// The three header fields of a webhook; the timestamp is the second of the
/// attempt, the id is the same in every attempt.
inline constexpr std::string_view webhook_id_header = "webhook-id";
inline constexpr std::string_view webhook_timestamp_header =
    "webhook-timestamp";
inline constexpr std::string_view webhook_signature_header =
    "webhook-signature";

/// Returns the bytes of a secret's key: "whsec_" and 24 to 64 bytes in base64,
/// padded, in the one form that an encoder writes. The failure shows nothing of
/// the secret.
result<std::string> webhook_key(std::string_view secret);

/// Returns the value of the header field: for each of `keys` "v1," and the
/// HMAC-SHA256 of "ID.TIMESTAMP.BODY" in base64, separated by a space. Two keys
/// while one replaces the other: a receiver needs one that it knows. Does not
/// copy the body. Empty without keys, and where the cryptographic library
/// refuses. Any thread.
/// @pre `id` has no "." and no control character.
std::string webhook_signature(const std::vector<std::string>& keys,
                              std::string_view id, std::int64_t timestamp,
                              std::string_view body);

} // namespace wsrelay
