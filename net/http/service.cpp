// A service's shared parts.
#include "net/http/service.hpp"

#include "actors/log.hpp"

#include <chrono>

namespace wsrelay {

service::service(std::shared_ptr<const relay_config> configuration,
                 const service_config& settings_, caf::actor directory_)
    : config{std::move(configuration)},
      settings{settings_},
      routes{*config, settings.name},
      places{std::make_shared<socket_places>(settings.max_connections)},
      directory{std::move(directory_)} {
  for (auto& address : settings.trusted_proxies)
    static_cast<void>(trusted_proxies.add(address)); // validated before
}

void service::log_refusal(const problem& why, std::string_view address,
                          std::string_view endpoint) {
  auto now = std::chrono::steady_clock::now();
  if (auto left_out = refusals.allow(why.check, now))
    log().info("request refused: check={} status={} address={} endpoint={}{}",
               why.check, why.status, address,
               endpoint.empty() ? "-" : endpoint, suppressed_text(*left_out));
}

} // namespace wsrelay
