// The PROXY protocol, versions 1 and 2: what a load balancer says of a client
// before the client's own bytes. Written after haproxy.org's
// proxy-protocol.txt. Who may say it, and what for, is decided elsewhere.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// What stood before the client's first byte.
struct proxy_header {
  /// Bytes of the header; what follows is the client's.
  std::size_t size = 0;
  /// The proxy speaks for itself (a health check), or of a client that it
  /// cannot name: the socket's own address counts.
  bool is_local = false;
  /// The client's, as inet_ntop prints it: an IPv4-mapped one as IPv4; "unix:"
  /// for a client on a Unix socket; empty when `is_local`.
  std::string address;
  /// The client spoke TLS to the proxy. Version 1 cannot say so.
  bool is_tls = false;

  bool operator==(const proxy_header&) const = default;
};

/// Longest header, in bytes, that is read; those of real proxies have a few
/// hundred, with a client's certificate name and an ALPN included.
inline constexpr std::size_t max_proxy_header = 4096;

/// Parses the header that `bytes` begin with. Holds nothing while it may still
/// become one with more bytes, of `max_proxy_header` at most; fails as soon as
/// it cannot. More bytes change neither a header nor a failure. The address
/// of a destination is checked and not told. Of additional fields (TLVs) of
/// version 2 the checksum, which must hold when there is one, and the client's
/// TLS are read; the others need only fit. Where `is_local` none is looked at.
result<std::optional<proxy_header>> parse_proxy_header(std::string_view bytes);

} // namespace wsrelay
