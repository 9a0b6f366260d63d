// The cookies of a request.
#pragma once

#include "protocol/http_fields.hpp"
#include "protocol/named_values.hpp"

namespace wsrelay {

/// Returns the cookies of a request's header fields (`http_request::headers`),
/// of every Cookie field (RFC 6265 sections 4.2 and 5.4): parted at ";" and the
/// first "=", without spaces around and without quotes around a value. Nothing
/// is decoded, for cookies have no encoding of their own: where a page has
/// used `encodeURIComponent`, `percent_decode` (path.hpp) takes it back. Of
/// cookies with one name the first is the one of the longest path. Names keep
/// their case. Malformed: one without "=" or name, and bytes that are not
/// UTF-8.
named_values read_cookies(const http_fields& headers);

} // namespace wsrelay
