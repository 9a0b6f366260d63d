// Reads a backend.service, and makes of it what an http.service has.
#include "config/read_entries.hpp"
#include "config/read_listen.hpp"
#include "protocol/backend_order.hpp"

#include <utility>

namespace wsrelay {

namespace {

// Bytes: what waits for one backend is bounded by its session; a text of JSON
// has up to six for one of a client's.
constexpr std::size_t output_limit = 256 * 1024 * 1024;
constexpr std::size_t window_bytes = 64 * 1024 * 1024;

service_config to_service(const backend_config& x) {
  service_config out;
  out.name = x.name;
  out.addresses = x.addresses;
  out.socket_mode = x.socket_mode;
  out.socket_owner = x.socket_owner;
  out.tls = x.tls;
  out.threads = 1;
  out.max_connections = x.max_connections;
  out.drain.lead.reset(); // the clients' counts
  out.is_derived = true;
  out.where = x.where;
  return out;
}

router_config to_router(const backend_config& x) {
  router_config out;
  out.name = x.name + ".backend";
  out.server = x.name;
  out.relays = true;
  out.options.max_message_size = x.max_message_size;
  out.options.output_limit = output_limit;
  out.options.window_bytes = window_bytes;
  out.is_derived = true;
  out.where = x.where;
  return out;
}

endpoint_config to_endpoint(const backend_config& x) {
  endpoint_config out;
  out.name = x.name + ".backend";
  out.router = out.name;
  if (auto path = path_pattern::parse("/"))
    out.path = std::move(*path);
  out.handler = backend_handler{x.token};
  out.subprotocols = {std::string{backend_subprotocol}};
  out.require_subprotocol = true;
  out.is_derived = true;
  out.where = x.where;
  return out;
}

} // namespace

backend_config read_backend(yaml_map& in, const std::string& folder) {
  backend_config out;
  read_listen(in, out, folder);
  visit_backend(out, field_reader{in});
  read_token(in, out, folder);
  return out;
}

void derive_backends(relay_config& config) {
  for (auto& each : config.backends) {
    config.services.push_back(to_service(each));
    config.routers.push_back(to_router(each));
    config.endpoints.push_back(to_endpoint(each));
  }
}

} // namespace wsrelay
