// Upgrade, origin, offers.
#include "net/http/request_checks.hpp"

#include "net/http/session_terms.hpp"
#include "protocol/upgrade.hpp"

#include <variant>

namespace wsrelay {

namespace {

bool needs_websocket(const endpoint_config& endpoint) {
  return std::holds_alternative<relay_handler>(endpoint.handler)
         || std::holds_alternative<trusted_header_handler>(endpoint.handler);
}

std::optional<problem> check_origin(const router_config& router,
                                    const http_request& request,
                                    request_verdict& out) {
  auto& policy = router.options.origins;
  auto origin = find_field(request.headers, "Origin");
  auto own = self_origin(request.scheme, request.host);
  auto allowed = count_fields(request.headers, "Origin") > 1
                     ? checked{failure{"the request has two origins"}}
                     : check_origin(policy, origin, own);
  if (allowed)
    return std::nullopt;
  out.culprit = origin.value_or("");
  if (own && policy.allowed.empty()) // else a list decides
    out.own = to_text(origin_pattern{false, *own});
  return problem{403, "origin", allowed.error().what};
}

} // namespace

request_verdict check_request(service& owner, const endpoint_match& match,
                              const http_request& request) {
  request_verdict out;
  auto& endpoint = match.endpoint;
  auto& router = match.router;
  auto asks = asks_upgrade(request.method, request.headers);
  if (asks && !router->relays) {
    owner.log_no_relay(endpoint->name, router->name);
    asks = false;
  }
  if (!asks && !needs_websocket(*endpoint))
    return out;
  out.refusal = check_upgrade(request.method, request.headers);
  if (out.refusal)
    return out;
  out.may_accept = router->options.refuse == refusal_form::accept_then_close;
  out.refusal = check_origin(*router, request, out);
  if (!out.refusal)
    out.refusal = check_offers(*endpoint, request.headers);
  out.websocket = !out.refusal;
  return out;
}

} // namespace wsrelay
