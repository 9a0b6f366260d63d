// What a node is configured with: plain structs with their defaults and units.
// Keys and ranges stand in fields.hpp, how they are read in load.hpp, what else
// must hold in validate.hpp.
#pragma once

#include "config/listen_config.hpp"
#include "config/relay_options.hpp"
#include "protocol/path.hpp"
#include "protocol/relay_command.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wsrelay {

/// `address_limits` of an http.service: what clients of one address have, IPv4
/// or a /64 of IPv6, in its loops together. 0 = no limit. Neither trusted
/// proxies nor unix sockets are limited: those for whom they stand are.
struct address_limit_options {
  /// `connections`: open at a time, at most 1000000.
  std::size_t connections = 0;
  /// `connects` and `requests`: new connections, and requests of endpoints, per
  /// second, at most 1000000.
  std::uint32_t connects = 0;
  std::uint32_t requests = 0;
  /// `burst`: of so long they may come at once.
  std::chrono::milliseconds burst = std::chrono::seconds{5};
  /// `max_addresses`: remembered for what is told per second, 1024 to 16777216,
  /// 24 bytes each.
  std::size_t max_addresses = 65'536;
  /// `allow`: addresses or CIDR blocks without limits.
  std::vector<std::string> allow;

  bool counts_time() const noexcept { return connects > 0 || requests > 0; }
  bool operator==(const address_limit_options&) const = default;
};

/// `drain` of an http.service: how it empties before it stops.
struct drain_options {
  /// `lead`: still accepting, for load balancers to notice. "off" = none.
  std::optional<std::chrono::milliseconds> lead = std::chrono::seconds{5};
  /// `spread` and `rate`: connections close within so long at random moments,
  /// or in more time at so many per second, 1 to 1000000.
  std::chrono::milliseconds spread = std::chrono::seconds{10};
  std::uint32_t rate = 1000;
  /// `deadline`: of all of it; what is left closes with 1001.
  std::chrono::milliseconds deadline = std::chrono::seconds{25};
};

/// `parking` of an http.service: of the connections that wait for a successor
/// of their target. The one that waits longest goes first when there are more.
struct parking_limits {
  /// `max_connections`: 0 to 1000000.
  std::size_t max_connections = 10'000;
  /// `max_bytes`: of what was read from their clients, 0 to 64 GiB.
  std::size_t max_bytes = 64 * 1024 * 1024;

  bool operator==(const parking_limits&) const = default;
};

/// Who is at the other end of a unix socket, in place of an address; also in
/// `trusted_proxies`.
inline constexpr std::string_view unix_peer = "unix:";

/// `kind: http.service`: listeners with their loops.
struct service_config {
  std::string name;
  /// `addr`: one or several. "HOST:PORT", where ":8080" is every address, IPv4
  /// and IPv6, and port 0 lets the kernel choose; "unix:PATH"; "systemd:NAME".
  std::vector<service_address> addresses{{{"127.0.0.1", 8080}, {}, {}}};
  /// `socket_mode` and `socket_owner` ("USER", "USER:GROUP", ":GROUP"; "" = as
  /// the process): of the files of unix sockets.
  unsigned socket_mode = 0660;
  std::string socket_owner;
  /// `threads`: loops, each with a thread, 0 = one per core, at most 256.
  unsigned threads = 0;
  /// `max_connections`: open sockets in all, 1 to 1000000.
  std::size_t max_connections = 100'000;
  /// `max_header_size`: bytes of a request's header, 256 to 1 MiB.
  std::size_t max_header_size = 16 * 1024;
  /// `max_header_fields`: fields of a request's header, 8 to 10000.
  std::size_t max_header_fields = 100;
  /// `max_body_size`: bytes of a request's body, 0 to 1 GiB.
  std::size_t max_body_size = 1024 * 1024;
  /// `first_byte_timeout`: from accept, or the end of a TLS handshake, to the
  /// first byte; `request_timeout` where that is less.
  std::chrono::milliseconds first_byte_timeout = std::chrono::seconds{10};
  /// `header_timeout`: from the first byte of a request to the end of its
  /// header; `request_timeout` where that is less.
  std::chrono::milliseconds header_timeout = std::chrono::seconds{10};
  /// `request_timeout`: from the first byte of a request to its end.
  std::chrono::milliseconds request_timeout = std::chrono::seconds{10};
  /// `idle_timeout`: a kept-alive HTTP connection without a request.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds{60};
  /// `write_timeout`: an answer of which the client takes nothing for so long
  /// ends the connection.
  std::chrono::milliseconds write_timeout = std::chrono::seconds{30};
  /// `shutdown_timeout`: longest wait for connections to close at the end.
  std::chrono::milliseconds shutdown_timeout = std::chrono::seconds{10};
  /// `in_place_budget`: a target that holds a loop longer is handed to the
  /// scheduler from then on.
  std::chrono::milliseconds in_place_budget{5};
  /// `trusted_proxies`: addresses or CIDR blocks of the proxies in front, or
  /// "unix:" for those that come by a unix socket. Their
  /// X-Forwarded-* and Forwarded fields tell the client, and their relay header
  /// counts at `trusted_header` endpoints.
  std::vector<std::string> trusted_proxies;
  /// `proxy_protocol`: `trusted_proxies` send the PROXY protocol's header
  /// first, version 1 or 2; it tells the client. Nobody else may.
  bool proxy_protocol = false;
  /// `proxy_protocol_timeout`: from accept to the end of that header.
  std::chrono::milliseconds proxy_protocol_timeout = std::chrono::seconds{5};
  /// `redirect_to_https`: every request is answered with 308 to the first
  /// service with `tls`.
  bool redirect_to_https = false;
  address_limit_options address_limits;
  drain_options drain;
  parking_limits parking;
  /// `tls`: without it the service speaks http and ws.
  service_tls_config tls;
  bool is_derived = false; // of a backend.service, whose name it has
  source_location where;
};

/// `kind: http.router`: a path prefix and what its endpoints share.
struct router_config {
  std::string name;
  std::string server;  // `meta.server`: an http.service
  std::string prefix;  // "" or "/ws": no trailing slash
  bool relays = false; // `post_middleware` holds websocket_relay
  relay_options options;
  bool is_derived = false; // of a backend.service
  source_location where;
};

/// `func: NAME`: asks the handler actor of that name.
struct func_handler {
  std::string name;
  std::chrono::milliseconds timeout = std::chrono::seconds{10};
};

/// `upstream: URL`: asks an HTTP/1.1 server, "http://" or "https://".
struct upstream_handler {
  std::string url; // as configured
  std::string host;
  std::uint16_t port = 80;
  std::string path; // "" or "/base": goes before the request's path
  std::chrono::milliseconds connect_timeout = std::chrono::seconds{5};
  std::chrono::milliseconds response_timeout = std::chrono::seconds{30};
  std::size_t max_response_size = 16 * 1024 * 1024; // bytes of the body
  bool tls = false;                                 // https
  /// `ca`: PEM file of the authorities that https trusts, "" = the system's.
  std::string ca;
  /// `max_idle_connections`: kept open per loop for later requests, 0 to 1024.
  std::size_t max_idle_connections = 32;
  /// `idle_timeout`: how long one is kept without a request.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds{15};
};

/// `relay: {...}`: a fixed command. "{param}" of the path is replaced in the
/// target, the key, the state, the groups and in the strings of the metadata.
struct relay_handler {
  relay_command command;
  /// `headers`, `query`: of the request, which its metadata get, too.
  std::vector<std::string> headers{};
  std::vector<std::string> query{};
};

/// `trusted_header: true`: the command comes with the request.
struct trusted_header_handler {
  /// `secret`: HMAC-SHA256 key of the signature; empty = no signature wanted.
  std::string secret;
  /// `secret_file`: where the secret was read from, "" when it stands in the
  /// configuration.
  std::string secret_file;
};

/// Of a backend.service: who shows the token, if there is one, is a backend.
struct backend_handler {
  std::string token; // "" = none is wanted
};

using handler_config =
    std::variant<func_handler, upstream_handler, relay_handler,
                 trusted_header_handler, backend_handler>;

/// `kind: http.endpoint`: method, path and handler.
struct endpoint_config {
  std::string name;
  std::string router;         // `meta.router`
  std::string method = "GET"; // "*" = any
  path_pattern path;          // the router's prefix included
  handler_config handler;
  /// `subprotocols`: those that this route speaks, the best one first.
  std::vector<std::string> subprotocols;
  /// `require_subprotocol`: who offers none of them gets no WebSocket.
  bool require_subprotocol = false;
  /// `max_connections`: WebSockets open at a time, 0 to 1000000, 0 = no limit.
  std::size_t max_connections = 0;
  bool is_derived = false; // of a backend.service
  source_location where;
};

/// `kind: http.static`: files, GET and HEAD.
struct static_config {
  std::string name;
  std::string server; // `meta.server`
  std::string path;   // prefix of the request path, "/" or "/app"
  std::string root;   // a folder, or "builtin:demo"
  std::string index = "index.html";
  source_location where;
};

/// `tls` of a cluster.node: PEM files. Both sides of a connection show a
/// certificate that an authority of `ca` signed: it is all that a node needs to
/// take part.
struct tls_config {
  std::string certificate; // and the chain up to the authority
  std::string key;
  std::string ca;

  bool enabled() const noexcept {
    return !certificate.empty() || !key.empty() || !ca.empty();
  }
};

/// `kind: cluster.node`: how this node meets others; at most one. Its name is
/// what others write behind the "@": `chat@app1`.
struct cluster_config {
  std::string name{};
  /// `listen`: where other nodes connect; "" = nowhere, this node only
  /// connects.
  std::string listen{};
  /// `peers`: "HOST:PORT" of the nodes to connect to, in any order of starting.
  /// Every address of a name is one.
  std::vector<std::string> peers{};
  /// `resolve_interval`: between look-ups of the names in `peers`, give or take
  /// a quarter at random; 1 s or more.
  std::chrono::milliseconds resolve_interval = std::chrono::seconds{30};
  /// `heartbeat_interval`: between heartbeats to every connected node.
  std::chrono::milliseconds heartbeat_interval = std::chrono::seconds{2};
  /// `heartbeat_timeout`: a node that was silent this long is lost; more than
  /// the interval of the other side.
  std::chrono::milliseconds heartbeat_timeout = std::chrono::seconds{8};
  /// `reconnect_min`, `reconnect_max`: wait before a lost peer is tried again,
  /// doubled from try to try and shortened by up to a half at random.
  std::chrono::milliseconds reconnect_min{200};
  std::chrono::milliseconds reconnect_max = std::chrono::seconds{10};
  /// `output_limit`: bytes that may wait for another node before it counts as
  /// lost, 1 MiB to 64 GiB.
  std::size_t output_limit = 256 * 1024 * 1024;
  /// `tls`: without it everybody who reaches `listen` is a node.
  tls_config tls{};
  source_location where{};
};

/// `kind: admin.service`: where monitoring and operators see the node by HTTP;
/// at most one.
struct admin_config {
  std::string name;
  /// `addr`, `socket_mode`, `socket_owner`, `tls`: as a service's.
  std::vector<service_address> addresses{{{"127.0.0.1", 9090}, {}, {}}};
  unsigned socket_mode = 0600;
  std::string socket_owner;
  service_tls_config tls;
  /// `max_connections`: open sockets in all, 1 to 100000.
  std::size_t max_connections = 256;
  /// `token_file`: what everybody but `/healthz` and `/readyz` has to show, 16
  /// bytes or more. Needed where not only this machine can connect.
  std::string token_file;
  std::string token; // what the file holds
  /// `required_peers`: names of nodes without which this one is not ready.
  std::vector<std::string> required_peers;
  source_location where;
};

/// `kind: backend.service`: where backends connect, each by one WebSocket, and
/// offer names (actors/BACKEND.md). What it is made of stands in the
/// configuration, too: a service, a router and an endpoint.
struct backend_config {
  std::string name;
  /// `addr`, `socket_mode`, `socket_owner`, `tls`: as a service's.
  std::vector<service_address> addresses{{{"127.0.0.1", 9191}, {}, {}}};
  unsigned socket_mode = 0600;
  std::string socket_owner;
  service_tls_config tls;
  /// `max_connections`: open sockets in all, 1 to 100000.
  std::size_t max_connections = 256;
  /// `max_message_size`: bytes of a backend's message, 1 KiB to 64 MiB.
  std::size_t max_message_size = 16 * 1024 * 1024;
  /// `token_file`: what a backend has to show, 16 bytes or more. Needed where
  /// not only this machine can connect, unless `tls` requires a certificate.
  std::string token_file;
  std::string token; // what the file holds
  source_location where;
};

/// `on_error` of an http.target: what becomes of a connection whose event its
/// server has not taken.
enum class hook_failure : std::uint8_t {
  close, // 1011
  skip,  // it goes on without
};

/// `kind: http.target`: a target that posts what it hears to a server in any
/// language. Its name is a target's: `target_pid: NAME`.
struct http_target_config {
  std::string name;
  /// `url`: "http://host[:port]/path?query", or "https://". With `ca`,
  /// `connect_timeout`, `max_response_size`, `max_idle_connections` and
  /// `idle_timeout` as an upstream's; its path is in `request_target`.
  upstream_handler server;
  std::string request_target = "/"; // path and query, as they are sent
  /// `secrets`, or the lines of `secret_file`: of Standard Webhooks, "whsec_"
  /// and base64 of 24 to 64 bytes; each signs. None = nothing is signed.
  std::vector<std::string> secrets;
  std::string secret_file;
  /// `timeout`: from the first try of an event to its answer.
  std::chrono::milliseconds timeout = std::chrono::seconds{10};
  hook_failure on_error = hook_failure::close;
  /// `at_least_once`: an event whose answer was lost is sent again, with its
  /// id; without, only one that was not sent as a whole.
  bool at_least_once = false;
  /// `batch`: messages of one connection in one request, 1 to 1000.
  std::size_t batch = 1;
  /// `max_in_flight`: requests at a time, of all connections, 1 to 10000.
  std::size_t max_in_flight = 64;
  source_location where;
};

/// Everything a node runs. Loaded and validated together.
struct relay_config {
  std::vector<service_config> services{};
  std::vector<router_config> routers{};
  std::vector<endpoint_config> endpoints{};
  std::vector<static_config> statics{};
  std::vector<cluster_config> clusters{}; // none or one
  std::vector<admin_config> admins{};     // none or one
  std::vector<http_target_config> targets{};
  std::vector<backend_config> backends{};
};

/// Returns the first service with `tls`, or null.
inline const service_config* find_https_service(const relay_config& config) {
  for (auto& service : config.services)
    if (service.tls.enabled())
      return &service;
  return nullptr;
}

/// Returns the prefix of the router called `name`; "" when there is none.
inline std::string_view prefix_of(std::string_view name,
                                  const relay_config& config) {
  for (const auto& router : config.routers)
    if (router.name == name)
      return router.prefix;
  return "";
}

} // namespace wsrelay
