// Finds out who asks and for what, and passes a request on to an endpoint or to
// files: the part of a host of HTTP sessions that needs no socket.
#pragma once

#include "net/http/access_log.hpp"
#include "net/http/exchange.hpp"
#include "net/http/service_host.hpp"
#include "net/loop/loop_door.hpp"

#include <memory>

namespace wsrelay {

/// Where requests are dispatched.
struct dispatch_place {
  loop_context& home;
  acceptor_state& acceptor;
  std::unique_ptr<upstream_asker> upstreams;
  std::shared_ptr<loop_door> door; // to `home`; null = no files are served
};

/// For one loop of a service: used and destroyed on its thread, or while it
/// does not run. The acceptor lives longer.
class dispatcher : public service_host,
                   public std::enable_shared_from_this<dispatcher> {
public:
  std::unique_ptr<http_task>
  serve(http_request request, const client_peer& peer, on_result done) final;

protected:
  dispatcher(std::shared_ptr<service> owner, dispatch_place place);

private:
  void see(http_request& request, const client_peer& peer) const;
  on_result logged(const http_request& request, access_endpoint endpoint,
                   on_result done) const;
  void redirect(const incoming_request& incoming, const on_result& done) const;
  void refuse_request(const incoming_request& incoming, const problem& why,
                      const http_fields& more, const on_result& done) const;

  // by route
  std::unique_ptr<http_task> pass(endpoint_match& route,
                                  incoming_request incoming, on_result done);
  std::unique_ptr<http_task> pass(static_match& route,
                                  incoming_request incoming, on_result done);
  std::unique_ptr<http_task> pass(no_match&, incoming_request incoming,
                                  on_result done);
  std::unique_ptr<http_task> pass(method_mismatch& route,
                                  incoming_request incoming, on_result done);
  std::unique_ptr<http_task> pass(options_match& route, incoming_request,
                                  on_result done);

  dispatch_place place_;
  command_texts texts_;
  loop_ledger ledger_;
};

} // namespace wsrelay
