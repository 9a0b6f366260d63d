// The one list of the plain keys of each entry: key, member and range. Reading,
// validating and printing all walk it.
#pragma once

#include "config/config.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace wsrelay {

inline constexpr std::string_view service_kind = "http.service";
inline constexpr std::string_view router_kind = "http.router";
inline constexpr std::string_view endpoint_kind = "http.endpoint";
inline constexpr std::string_view static_kind = "http.static";
inline constexpr std::string_view cluster_kind = "cluster.node";
inline constexpr std::string_view admin_kind = "admin.service";
inline constexpr std::string_view target_kind = "http.target";
inline constexpr std::string_view backend_kind = "backend.service";

/// The one post-match middleware there is.
inline constexpr std::string_view relay_middleware = "websocket_relay";

/// The files of the demo page, which are part of the program.
inline constexpr std::string_view demo_root = "builtin:demo";

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;

/// Smallest and largest value of a number.
struct number_range {
  std::uint64_t min;
  std::uint64_t max;
  bool bytes = false; // counts bytes: may be written with KiB, MiB, GiB
};

inline constexpr number_range bytes_range(std::uint64_t min,
                                          std::uint64_t max) {
  return {min, max, true};
}

/// The words for the values of an enumeration, in their order.
using choice_words = std::span<const std::string_view>;

inline constexpr std::string_view refusal_words[] = {"status",
                                                     "accept_then_close"};
inline constexpr std::string_view overflow_words[] = {"close", "drop_newest",
                                                      "drop_oldest", "latest"};
inline constexpr std::string_view target_exit_words[] = {"close", "park"};
inline constexpr std::string_view key_policy_words[] = {"close_oldest",
                                                        "refuse_newest"};
inline constexpr std::string_view hook_failure_words[] = {"close", "skip"};
inline constexpr std::string_view client_certificate_words[] = {
    "off", "request", "require"};

/// Calls `visit(key, member)` for each duration and flag, `visit(key, member,
/// range)` for each number and `visit(key, member, words)` for each choice of a
/// service.
template <class Service, class Visitor>
void visit_service(Service& x, Visitor&& visit) {
  visit("threads", x.threads, number_range{0, 256});
  visit("max_connections", x.max_connections, number_range{1, 1'000'000});
  visit("max_header_size", x.max_header_size, bytes_range(256, mib));
  visit("max_header_fields", x.max_header_fields, number_range{8, 10'000});
  visit("max_body_size", x.max_body_size, bytes_range(0, gib));
  visit("first_byte_timeout", x.first_byte_timeout);
  visit("header_timeout", x.header_timeout);
  visit("request_timeout", x.request_timeout);
  visit("idle_timeout", x.idle_timeout);
  visit("write_timeout", x.write_timeout);
  visit("shutdown_timeout", x.shutdown_timeout);
  visit("in_place_budget", x.in_place_budget);
  visit("proxy_protocol", x.proxy_protocol);
  visit("proxy_protocol_timeout", x.proxy_protocol_timeout);
  visit("redirect_to_https", x.redirect_to_https);
}

/// As `visit_service`, for the `address_limits` of a service.
template <class Limits, class Visitor>
void visit_address_limits(Limits& x, Visitor&& visit) {
  visit("connections", x.connections, number_range{0, 1'000'000});
  visit("connects", x.connects, number_range{0, 1'000'000});
  visit("requests", x.requests, number_range{0, 1'000'000});
  visit("burst", x.burst);
  visit("max_addresses", x.max_addresses, number_range{1024, 16'777'216});
}

/// As `visit_service`, for the `drain` of a service.
template <class Drain, class Visitor>
void visit_drain(Drain& x, Visitor&& visit) {
  visit("lead", x.lead);
  visit("spread", x.spread);
  visit("rate", x.rate, number_range{1, 1'000'000});
  visit("deadline", x.deadline);
}

/// As `visit_service`, for the `parking` of a service.
template <class Limits, class Visitor>
void visit_parking(Limits& x, Visitor&& visit) {
  visit("max_connections", x.max_connections, number_range{0, 1'000'000});
  visit("max_bytes", x.max_bytes, bytes_range(0, 64 * gib));
}

/// Calls `visit(word, member)` for each of them.
template <class Endings, class Visitor>
void visit_endings(Endings& x, Visitor&& visit) {
  visit("crashed", x.crashed);
  visit("lost", x.lost);
  visit("shutdown", x.shutdown);
  visit("normal", x.normal);
}

/// As `visit_service`, for the `tls` of a service.
template <class Tls, class Visitor>
void visit_tls(Tls& x, Visitor&& visit) {
  visit("handshake_timeout", x.handshake_timeout);
  visit("max_handshakes", x.max_handshakes, number_range{1, 100'000});
  visit("client_certificate", x.client_certificate,
        choice_words{client_certificate_words});
}

/// As `visit_service`, for a router's `post_options`.
template <class Options, class Visitor>
void visit_options(Options& x, Visitor&& visit) {
  visit("wsrelay.require.origin", x.origins.require_origin);
  visit("wsrelay.max.message.size", x.max_message_size, bytes_range(1, gib));
  visit("wsrelay.max.metadata.size", x.max_metadata_size, bytes_range(2, mib));
  visit("wsrelay.window", x.window, number_range{1, 65536});
  visit("wsrelay.window.bytes", x.window_bytes, bytes_range(kib, gib));
  visit("wsrelay.output.limit", x.output_limit, bytes_range(kib, 4 * gib));
  visit("wsrelay.ping.interval", x.ping_interval);
  visit("wsrelay.pong.timeout", x.pong_timeout);
  visit("wsrelay.close.timeout", x.close_timeout);
  visit("wsrelay.join.timeout", x.join_timeout);
  visit("wsrelay.refuse", x.refuse, choice_words{refusal_words});
  visit("wsrelay.limit.key", x.limit_key, choice_words{key_policy_words});
  visit("wsrelay.overflow", x.overflow.policy, choice_words{overflow_words});
  visit("wsrelay.on_target_exit", x.parking.policy,
        choice_words{target_exit_words});
  visit("wsrelay.park.time", x.parking.time);
  visit("wsrelay.park.messages", x.parking.messages, number_range{0, 65536});
  visit("wsrelay.park.bytes", x.parking.bytes, bytes_range(0, gib));
  visit("wsrelay.park.redeliver", x.parking.redeliver);
  visit("wsrelay.park.events", x.parking.events);
  visit("wsrelay.rate.messages", x.rate.messages, number_range{0, 1'000'000});
  visit("wsrelay.rate.bytes", x.rate.bytes, bytes_range(0, 4 * gib));
  visit("wsrelay.rate.burst", x.rate.burst);
  visit("wsrelay.rate.patience", x.rate.patience);
  visit("wsrelay.deflate", x.deflate.enabled);
  visit("wsrelay.deflate.level", x.deflate.level, number_range{1, 6});
  visit("wsrelay.deflate.min.size", x.deflate.min_size, bytes_range(0, gib));
  visit("wsrelay.deflate.max.size", x.deflate.max_size, bytes_range(0, gib));
  visit("wsrelay.deflate.window.bits", x.deflate.window_bits,
        number_range{9, 15});
  visit("wsrelay.deflate.context.takeover", x.deflate.context_takeover);
  visit("wsrelay.require.expiry", x.expiry.required);
  visit("wsrelay.expiry.code", x.expiry.code, number_range{3000, 4999});
  visit("wsrelay.expiry.jitter", x.expiry.jitter);
}

/// As `visit_service`, for a cluster.node.
template <class Cluster, class Visitor>
void visit_cluster(Cluster& x, Visitor&& visit) {
  visit("resolve_interval", x.resolve_interval);
  visit("heartbeat_interval", x.heartbeat_interval);
  visit("heartbeat_timeout", x.heartbeat_timeout);
  visit("reconnect_min", x.reconnect_min);
  visit("reconnect_max", x.reconnect_max);
  visit("output_limit", x.output_limit, bytes_range(mib, 64 * gib));
}

/// As `visit_service`, for an admin.service.
template <class Admin, class Visitor>
void visit_admin(Admin& x, Visitor&& visit) {
  visit("max_connections", x.max_connections, number_range{1, 100'000});
}

/// As `visit_service`, for a backend.service.
template <class Backend, class Visitor>
void visit_backend(Backend& x, Visitor&& visit) {
  visit("max_connections", x.max_connections, number_range{1, 100'000});
  visit("max_message_size", x.max_message_size, bytes_range(1024, 64 * mib));
}

/// As `visit_service`, for an http.target.
template <class Target, class Visitor>
void visit_target(Target& x, Visitor&& visit) {
  visit("timeout", x.timeout);
  visit("on_error", x.on_error, choice_words{hook_failure_words});
  visit("at_least_once", x.at_least_once);
  visit("batch", x.batch, number_range{1, 1000});
  visit("max_in_flight", x.max_in_flight, number_range{1, 10'000});
  visit("connect_timeout", x.server.connect_timeout);
  visit("max_response_size", x.server.max_response_size,
        bytes_range(1, 64 * mib));
  visit("max_idle_connections", x.server.max_idle_connections,
        number_range{0, 1024});
  visit("idle_timeout", x.server.idle_timeout);
}

/// As `visit_service`, for an http.endpoint.
template <class Endpoint, class Visitor>
void visit_endpoint(Endpoint& x, Visitor&& visit) {
  visit("max_connections", x.max_connections, number_range{0, 1'000'000});
  visit("require_subprotocol", x.require_subprotocol);
}

/// As `visit_service`, for the keys beside `func`.
template <class Handler, class Visitor>
void visit_func(Handler& x, Visitor&& visit) {
  visit("timeout", x.timeout);
}

/// As `visit_service`, for the keys beside `upstream`.
template <class Handler, class Visitor>
void visit_upstream(Handler& x, Visitor&& visit) {
  visit("connect_timeout", x.connect_timeout);
  visit("response_timeout", x.response_timeout);
  visit("max_response_size", x.max_response_size, bytes_range(1, gib));
  visit("max_idle_connections", x.max_idle_connections, number_range{0, 1024});
  visit("idle_timeout", x.idle_timeout);
}

} // namespace wsrelay
