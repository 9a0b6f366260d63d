// Limits in order.
#include "net/http/held_places.hpp"

#include "net/http/retry_after.hpp"

#include <algorithm>

namespace wsrelay {

std::optional<problem> held_places::begin(const endpoint_config& endpoint,
                                          const http_request& request,
                                          const client_peer& peer,
                                          time_point now) {
  if (!request.websocket)
    return std::nullopt;
  if (owner_->is_trusted(peer.address))
    if (auto bad =
            owner_->addresses->connect(request.remote_address, now, address_))
      return bad;
  if (owner_->endpoints.take(endpoint, endpoint_))
    return std::nullopt;
  ++owner_->counts.endpoint_connections;
  return problem{503, "endpoint", "too many connections here",
                 retry_after(place_wait)};
}

std::optional<problem> held_places::take_key(const relay_command& command,
                                             key_policy policy) {
  if (command.limit_key.empty())
    return std::nullopt;
  auto granted =
      owner_->keys.take(command.limit_key, std::max(command.limit_max, 1u),
                        policy == key_policy::close_oldest);
  owner_->counts.key_closed += granted.closed;
  key_ = std::move(granted.place);
  if (key_)
    return std::nullopt;
  ++owner_->counts.key_refused;
  return problem{429, "key", "too many connections with this key",
                 retry_after(place_wait)};
}

} // namespace wsrelay
