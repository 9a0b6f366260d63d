// Plain or with TLS.
#include "net/http/client_door.hpp"

#include "net/loop/stream_socket.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

client_door::client_door(std::shared_ptr<service> owner, loop& home,
                         std::shared_ptr<http_host> host, std::size_t share)
    : owner_{std::move(owner)},
      home_{home},
      host_{std::make_shared<current_host>(std::move(host))},
      refused_{home} {
  auto& settings = owner_->settings;
  if (settings.proxy_protocol)
    proxies_.emplace(
        home, settings.proxy_protocol_timeout,
        [this](accepted_socket accepted) { admit(std::move(accepted)); },
        [this](std::string_view reason, const std::string& address) {
          owner_->log_proxy(reason, address);
        });
  if (!settings.tls.enabled())
    return;
  handshakes_.emplace(
      home, settings.tls.handshake_timeout,
      std::max<std::size_t>(settings.tls.max_handshakes / share, 1),
      [this](std::unique_ptr<byte_stream> stream, client_peer peer) {
        start(std::move(stream), std::move(peer));
      },
      [this](std::string_view check, std::string_view reason,
             const std::string& address) {
        owner_->log_handshake(check, reason, address);
      });
}

void client_door::adopt(std::shared_ptr<service> owner,
                        std::shared_ptr<http_host> host) {
  owner_ = std::move(owner);
  host_->set(std::move(host));
}

// Whoever is no trusted proxy has no such header: what comes first is its own.
void client_door::serve(accepted_socket accepted) {
  ++owner_->accepted;
  if (!accepted.place)
    turn_away(std::move(accepted), owner_->too_many_connections());
  else if (proxies_ && owner_->is_trusted(accepted.remote_address))
    proxies_->begin(std::move(accepted));
  else
    admit(std::move(accepted));
}

void client_door::admit(accepted_socket accepted) {
  if (auto bad = check_limits(accepted))
    return turn_away(std::move(accepted), *bad);
  auto tls = owner_->tls.load();
  auto stream = std::make_unique<stream_socket>(
      home_, std::move(accepted.descriptor), std::move(accepted.place),
      tls ? tls->context() : nullptr);
  client_peer peer{std::move(accepted.remote_address),
                   accepted.is_secure || tls != nullptr};
  if (handshakes_)
    handshakes_->begin(std::move(stream), std::move(peer), std::move(tls));
  else
    start(std::move(stream), std::move(peer));
}

std::optional<problem> client_door::check_limits(accepted_socket& accepted) {
  address_place place;
  auto bad =
      owner_->addresses->connect(accepted.remote_address, home_.now(), place);
  if (place)
    accepted.place.keep(std::make_shared<address_place>(std::move(place)));
  return bad;
}

// Nobody is worth a handshake only to be told that it was in vain, and nobody's
// place is taken by who is told.
void client_door::turn_away(accepted_socket accepted, const problem& why) {
  accepted.place.give_back();
  owner_->log_refusal(why, {accepted.remote_address});
  if (!handshakes_)
    refused_.tell(
        std::make_unique<stream_socket>(home_, std::move(accepted.descriptor),
                                        std::move(accepted.place), nullptr),
        why);
}

void client_door::start(std::unique_ptr<byte_stream> stream, client_peer peer) {
  start_http_session(home_, std::move(stream), host_, std::move(peer));
}

} // namespace wsrelay
