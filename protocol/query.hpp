// The parameters of a query: "name=ann&room=a+b".
#pragma once

#include "protocol/named_values.hpp"

#include <string_view>

namespace wsrelay {

/// Returns the parameters of `query`, which is without its "?"
/// (`http_request::query`), as pages write them (WHATWG URL,
/// application/x-www-form-urlencoded): parted at "&" and the first "=", a plus
/// is a blank, the rest percent-encoded. Empty parts are left out; one without
/// "=" has the value "". Malformed: an escape that is none, or bytes that are
/// not UTF-8.
named_values read_query(std::string_view query);

} // namespace wsrelay
