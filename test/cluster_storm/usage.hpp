// What a node uses, told to the driver of the storm.
#pragma once

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace wsrelay::cluster_storm {

struct usage {
  std::int64_t actors = 0; // that run, without those that ran at the start
  std::uint64_t heap = 0;  // bytes, 0 = a sanitizer allocates
};

/// The name of the actor that tells.
inline constexpr const char* accountant_name = "accountant";

/// Answers `get_atom` with the node's usage. `at_start` is how many actors run
/// when the node has started.
caf::behavior accountant(caf::event_based_actor* self,
                         const std::atomic<std::size_t>* at_start);

/// Asks the node `where`. Blocks; nothing when there is no answer.
std::optional<usage> ask_usage(const caf::actor& directory,
                               const std::string& where);

} // namespace wsrelay::cluster_storm
