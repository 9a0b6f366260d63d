// The token of RFC 6750 section 2.1: "Authorization: Bearer TOKEN".
#pragma once

#include "protocol/http_fields.hpp"

#include <string_view>

namespace wsrelay {

/// Returns whether the fields show the token. How long that takes tells nothing
/// but its size.
bool shows_token(const http_fields& fields, std::string_view token);

} // namespace wsrelay
