// What happens between a matched request and its answer: checks, the endpoint's
// handler, its answer or the relayed connection that it orders.
#pragma once

#include "actors/acceptor.hpp"
#include "net/http/service.hpp"
#include "net/http/session.hpp"
#include "net/http/traffic_ledger.hpp"
#include "net/http/upstream.hpp"
#include "protocol/recent_buffer.hpp"

#include <functional>
#include <memory>
#include <string>

namespace wsrelay {

/// Topics and metadata of the last commands: those of many connections are the
/// same.
struct command_texts {
  recent_buffer topic;
  recent_buffer metadata;
  recent_buffer subprotocol;
};

/// Where an exchange happens.
struct exchange_place {
  std::shared_ptr<service> owner;
  acceptor_state& acceptor;
  upstream_asker& upstreams;
  command_texts& texts;
  loop_context& home;
  loop_ledger& ledger;
  std::shared_ptr<const void> keep; // all of the above
};

/// A request as its handler sees it, and whose socket it came from.
struct incoming_request {
  http_request request; // with the client's view: address, scheme, host
  client_peer peer;
  trace_context trace{}; // of `request`; none where no handler is asked
};

/// Checks and asks, in this order: a request for a WebSocket is one by RFC 6455
/// and comes from an allowed origin; limits are not reached; the handler
/// answers; its command is valid,
/// its target lives and can be reached. Who was named as a target in vain is
/// told so. Calls `done` on the loop's thread once, maybe before this returns,
/// and not after the task was destroyed.
std::unique_ptr<http_task> start_exchange(exchange_place place,
                                          endpoint_match match,
                                          incoming_request incoming,
                                          http_host::on_result done);

} // namespace wsrelay
