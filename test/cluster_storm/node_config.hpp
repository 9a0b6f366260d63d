// What a node of the cluster storm is configured with.
#pragma once

#include "test/cluster_storm/client.hpp"
#include "test/cluster_storm/options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::cluster_storm {

/// How long a connection waits for the next target, where it parks.
inline constexpr milliseconds park_time{3'000};

/// The routes: the second one is only there where connections park, and does
/// not redeliver.
inline constexpr std::string_view first_route = "ws";
inline constexpr std::string_view second_route = "once";

/// Returns YAML. `port` is where the node listens for others, 0 = any; `peers`
/// are ports.
std::string node_config(const storm_options& options, const std::string& name,
                        std::uint16_t port,
                        const std::vector<std::uint16_t>& peers);

} // namespace wsrelay::cluster_storm
