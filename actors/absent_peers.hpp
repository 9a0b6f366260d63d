// Configured peers that are not connected: what the peer actors tell their own
// directory of, and what that tells operators.
#pragma once

#include "actors/inspect.hpp"
#include "actors/messages.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace wsrelay {

/// To the directory: the configured peers that it has no connection to. Answers
/// `std::vector<absent_peer>`, by address.
struct absent_peers_get {};

/// A configured peer that is not connected.
struct absent_peer {
  std::string address;   // "HOST:PORT" as it is tried
  bool is_connecting;    // for the first time, or again after its loss
  std::string reason;    // why not, the last one; "" = not known yet
  milliseconds since{0}; // that it is not connected
};

/// A peer actor -> its own directory, on this node only.
struct peer_absence {
  std::string address;
  bool is_absent;     // else it is connected, or tried no more
  std::string reason; // "" = it is being connected
};

WSRELAY_INSPECT_EMPTY(absent_peers_get)
WSRELAY_INSPECT_ROW(absent_peer, x.address, x.is_connecting, x.reason, x.since)
WSRELAY_INSPECT(peer_absence, x.address, x.is_absent, x.reason)

/// Most of them that are known at a time.
inline constexpr std::size_t max_absent_peers = 1024;

/// What the peer actors have told. Not thread-safe.
class absence_list {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What one has told now. Since when it is absent stays, whatever else it
  /// tells meanwhile.
  void note(const peer_absence& what, time_point now);

  std::vector<absent_peer> list(time_point now) const;

private:
  struct absence {
    std::string reason;
    time_point since;
  };

  std::map<std::string, absence> all_; // by address
};

} // namespace wsrelay
