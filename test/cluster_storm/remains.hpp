// What a storm leaves on the nodes: nothing, but for what lasts as long as they
// do.
#pragma once

#include "test/cluster_storm/swarm.hpp"
#include "test/cluster_storm/usage.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::cluster_storm {

/// Asks the nodes, through the driver's directory, while the clients make
/// turns. What is wrong is added to `violations`.
class remains {
public:
  remains(swarm& clients, std::vector<std::string>& violations)
      : clients_{clients}, violations_{violations} {}

  /// Awaits that every node answers; returns whether they do.
  bool await_nodes(const caf::actor& directory);

  /// After the warm-up, without connections: remembers the heaps of the nodes
  /// that live as long as the storm.
  void note(const caf::actor& directory);

  /// At the end, without connections. Returns the heaps as text.
  std::string judge(const caf::actor& directory);

private:
  std::optional<usage> without_actors(const caf::actor& directory,
                                      const std::string& where);
  std::string judge_heap(const caf::actor& directory, const std::string& where,
                         std::uint64_t before);
  void expect(bool condition, const std::string& otherwise);

  swarm& clients_;
  std::vector<std::string>& violations_;
  std::map<std::string, std::uint64_t> warm_; // heaps after the warm-up
};

} // namespace wsrelay::cluster_storm
