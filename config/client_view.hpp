// Who the client is and how it asked, as far as trusted proxies tell:
// X-Forwarded-For, -Proto and -Host, and Forwarded (RFC 7239).
//
// Only what a trusted proxy wrote counts, so lists are read from the right: the
// nearest proxy appends last. The rightmost address that is not trusted is the
// client's; what stands left of it the client may have made up. When all are
// trusted, the leftmost is the client. The list is as long as whoever wrote it
// likes: `max_hops` members are looked at, and no more.
#pragma once

#include "protocol/http_fields.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace wsrelay {

/// A request's client and what it asked for.
struct client_view {
  std::string address; // in the spelling of `spell_address`, without a port
  std::string scheme;  // "http" or "https"
  std::string host;    // as a Host field has it; may be empty
};

/// Whether an address, spelled as by `spell_address`, is a trusted proxy's.
using trust = std::function<bool(std::string_view)>;

/// Members of a list that are looked at, from the right: proxies behind each
/// other. Each costs a look at every trusted block.
inline constexpr std::size_t max_hops = 100;

/// Bytes of Forwarded that are read, the last lines': ample for as many hops.
/// A line that goes beyond says nothing, as a malformed one.
inline constexpr std::size_t max_forwarded_size = 16 * 1024;

/// Returns the client of a request that came from `peer_address`; `scheme` is
/// the socket's, `host` the Host field's value. They stand unless
/// `peer_address` is trusted and says otherwise:
/// - address: found as above. Where a trusted proxy does not know its client
///   ("unknown", "_hidden", anything that is no address) the walk ends, and
///   that proxy stands for the client. So does the last of `max_hops` proxies
///   that are all trusted.
/// - scheme and host: what the proxy said that took the request from the client
///   found. In a list of X-Forwarded-Proto or -Host that is the value as far
///   from the right as the client is in X-Forwarded-For, or the leftmost one of
///   a shorter list; so a single value always counts. ws and wss are http and
///   https; another scheme, and what is no host, is not said.
/// - X-Forwarded-* and Forwarded both: a part that only one of them tells
///   counts. A part of which they tell different things is not believed, for
///   the proxy has passed one of them on from a stranger.
/// Linear in the size of the fields. Fields of a kind on several lines are one
/// list; a malformed Forwarded line is an element that says nothing.
client_view see_client(const http_fields& headers,
                       std::string_view peer_address, std::string_view scheme,
                       std::string_view host, const trust& is_trusted);

/// Returns the fields that tell an upstream who asked; they replace those that
/// `erase_forwarded_fields` removes. The arguments are those of `see_client`.
/// - X-Forwarded-For: the list of a trusted peer, then the peer.
/// - X-Forwarded-Proto, X-Forwarded-Host: as `see_client` tells them.
/// - X-Real-IP: only when a trusted peer sent one: the client's address.
/// - Forwarded: only when a trusted peer sent one: its well-formed lines within
///   `max_forwarded_size`, then an element of the peer's request.
/// Values hold no control characters.
http_fields forwarded_fields(const http_fields& headers,
                             std::string_view peer_address,
                             std::string_view scheme, std::string_view host,
                             const trust& is_trusted);

/// Returns the host of an authority, "example.org:8080", without its port. An
/// IPv6 address has its brackets.
std::string_view host_of(std::string_view authority);

/// Removes Forwarded, every X-Forwarded-*, and X-Real-IP, which upstreams
/// believe, too. Names compare as by `same_variable`.
void erase_forwarded_fields(http_fields& headers);

} // namespace wsrelay
