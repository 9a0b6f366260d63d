// What happens between a matched request and its answer: the endpoint's handler
// is asked, its answer passes through, or becomes a relayed connection once
// every check has passed.
#pragma once

#include "actors/gate.hpp"
#include "actors/messages.hpp"
#include "net/http/service.hpp"
#include "net/loop/loop.hpp"
#include "net/ws/session.hpp"

#include <functional>
#include <memory>
#include <variant>

namespace wsrelay {

/// Where an exchange happens.
struct exchange_place {
  std::shared_ptr<service> owner;
  loop& home;
  gate_state& gate;
};

/// An answer for the client, or a connection that was let in.
using exchange_result = std::variant<http_response, admission>;

/// Asks the handler and checks, in this order: the request is an upgrade, the
/// command is valid, its target lives, the origin is allowed. Calls `done` on
/// the loop's thread exactly once, maybe before this returns.
void run_exchange(exchange_place place, endpoint_match match,
                  http_request request,
                  std::function<void(exchange_result)> done);

} // namespace wsrelay
