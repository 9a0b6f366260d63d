// What the operator's command line tells a node of what it is about to order of
// somebody there.
#pragma once

#include "actors/inspect.hpp"

#include <cstdint>
#include <string>

namespace wsrelay {

/// To the directory of the node that is asked: a line of the log, before the
/// order goes to whom it is for. Error: no such order.
struct operator_order {
  std::string what;       // "send", "close", "transfer" or "drain"
  std::string pid;        // of the connection; "" = of a target or a node
  std::string from;       // a drain: the target's name, or "node NAME"
  std::string to;         // a transfer, a drain: the target, or the node
  std::uint32_t code = 0; // a close: its code; 0 = none
};

WSRELAY_INSPECT(operator_order, x.what, x.pid, x.from, x.to, x.code)

} // namespace wsrelay
