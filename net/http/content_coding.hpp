// Which content coding a client takes (RFC 9110 section 12.5.3).
#pragma once

#include "protocol/http_fields.hpp"

#include <string_view>

namespace wsrelay {

/// What is worth more than 0 may be sent; the greatest is preferred, and at
/// equal weight br before gzip before none. In thousandths.
struct coding_weights {
  int br = 0;
  int gzip = 0;
  int identity = 1; // below any that is named, unless it is named itself
};

/// Reads all Accept-Encoding fields of a request; what cannot be read counts
/// as not there.
coding_weights accepted_codings(const http_fields& request);

} // namespace wsrelay
