// The host of a loop's HTTP sessions: finds out who asks and for what, and
// passes the request on to an endpoint or to files.
#pragma once

#include "net/http/exchange.hpp"
#include "net/loop/loop.hpp"

#include <memory>

namespace wsrelay {

/// Makes the host for one loop of a service. It is used and destroyed on the
/// loop's thread, or while the loop does not run. The acceptor lives on that
/// loop, and longer.
std::shared_ptr<http_host> make_frontend(std::shared_ptr<service> owner,
                                         loop& home, acceptor_state& acceptor);

} // namespace wsrelay
