// The client's side of the opening handshake: RFC 6455 section 4.1.
#pragma once

#include "tools/bench/options.hpp"

#include <string>

namespace wsrelay::bench {

/// Returns the upgrade request for `opts`, the same for every connection: the
/// key is fixed, the answer's Sec-WebSocket-Accept is not looked at.
std::string make_upgrade_request(const options& opts);

} // namespace wsrelay::bench
