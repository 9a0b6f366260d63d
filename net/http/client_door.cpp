// Plain or with TLS.
#include "net/http/client_door.hpp"

#include "net/loop/stream_socket.hpp"

#include <algorithm>
#include <utility>

namespace wsrelay {

client_door::client_door(service& owner, loop& home,
                         std::shared_ptr<http_host> host, std::size_t share)
    : owner_{owner}, home_{home}, host_{std::move(host)} {
  if (!owner.settings.tls.enabled())
    return;
  auto& settings = owner.settings.tls;
  handshakes_.emplace(
      home, settings.handshake_timeout,
      std::max<std::size_t>(settings.max_handshakes / share, 1),
      [this](std::unique_ptr<byte_stream> stream, std::string address) {
        start_http_session(home_, std::move(stream), host_, std::move(address));
      },
      [this](std::string_view check, std::string_view reason,
             const std::string& address) {
        owner_.log_handshake(check, reason, address);
      });
}

void client_door::serve(accepted_socket accepted) {
  auto tls = owner_.tls.load();
  auto stream = std::make_unique<stream_socket>(
      home_, std::move(accepted.descriptor), std::move(accepted.place),
      tls ? tls->context() : nullptr);
  if (handshakes_)
    handshakes_->begin(std::move(stream), std::move(accepted.remote_address),
                       std::move(tls));
  else
    start_http_session(home_, std::move(stream), host_,
                       std::move(accepted.remote_address));
}

} // namespace wsrelay
