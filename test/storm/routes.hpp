// The routes of the storm's relay: one whose limits are rarely reached, or
// several on which every limit is low.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wsrelay::storm {

/// What a client may miss of what actors send to it.
enum class losses : std::uint8_t {
  none,     // the connection closes
  told,     // messages, and an event tells how many
  replaced, // so, and those that a newer one with their key replaces
};

/// What a route promises.
struct route {
  std::string_view prefix;
  losses may_lose = losses::none;
  bool has_rate = false;
  bool parks = false;
  bool redelivers = false;
};

/// The topic of the events that tell how many messages are missing.
inline constexpr std::string_view hole_topic = "storm.hole";

/// Longest payload of a numbered message to a client: it fits into the lowest
/// `wsrelay.output.limit`, or it would be lost without being dropped.
inline constexpr std::size_t max_reply = 12'000;

/// Addresses of the clients that `address_limits` allows everything.
inline constexpr std::uint32_t healthy_addresses[] = {0x7f000002, 0x7f000003};

std::span<const route> routes(bool low_limits);
std::string config_text(bool low_limits);

} // namespace wsrelay::storm
