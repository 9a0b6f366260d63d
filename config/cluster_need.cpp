// The largest message of each service.
#include "config/cluster_need.hpp"

#include "config/entry_index.hpp"
#include "config/findings.hpp"

#include <algorithm>
#include <thread>
#include <variant>

namespace wsrelay {

namespace {

/// Of a message to another node, beside data and metadata: names, PIDs, types.
constexpr std::size_t overhead = 64 * 1024;

/// Bytes that come with the end of a large message, in small ones.
constexpr std::size_t read_size = 64 * 1024;

message_need need_of(const router_config& x) {
  return {x.options.max_message_size + x.options.max_metadata_size + overhead,
          shown(x.name), "messages", x.options.max_message_size,
          "wsrelay.max.message.size"};
}

/// Of requests that go to a handler actor, which may be elsewhere: the request
/// line is in it whole and in its parts.
message_need need_of(const service_config& x) {
  return {x.max_body_size + 3 * x.max_header_size + overhead, shown(x.name),
          "bodies", x.max_body_size, "max_body_size"};
}

bool asks_actor(const endpoint_config& x) {
  return std::holds_alternative<func_handler>(x.handler);
}

void take_larger(message_need& result, message_need other) {
  if (other.size > result.size)
    result = std::move(other);
}

message_need largest_of(const relay_config& config,
                        const service_config& service) {
  message_need result;
  auto routers = index(config.routers);
  for (const auto& x : config.routers)
    if (x.relays && x.server == service.name)
      take_larger(result, need_of(x));
  for (const auto& x : config.endpoints) {
    auto* router = find_entry(routers, x.router);
    if (router && router->server == service.name && asks_actor(x))
      take_larger(result, need_of(service));
  }
  return result;
}

std::size_t loops_of(const service_config& service) {
  return service.threads > 0
             ? service.threads
             : std::max(1u, std::thread::hardware_concurrency());
}

} // namespace

message_need largest_message(const relay_config& config) {
  message_need result;
  for (const auto& service : config.services)
    take_larger(result, largest_of(config, service));
  return result;
}

std::size_t largest_burst(const relay_config& config) {
  std::size_t result = 0;
  for (const auto& service : config.services)
    if (auto largest = largest_of(config, service); largest.size > 0)
      result += loops_of(service) * (largest.size + read_size);
  return result;
}

} // namespace wsrelay
