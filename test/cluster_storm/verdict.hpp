// What must be true at the end, from the journals of all nodes, from what the
// clients saw and from the answers to transfers.
#pragma once

#include "test/cluster_storm/client.hpp"
#include "test/cluster_storm/mover.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace wsrelay::cluster_storm {

/// Everything there is to judge.
struct evidence {
  std::string folder;
  std::vector<std::string> labels; // of all starts of all nodes
  /// When nodes were killed or frozen, by label. What one of them had taken may
  /// be lost.
  std::map<std::string, std::vector<steady::time_point>> kills;
  std::vector<client_record> clients;
  std::map<std::uint64_t, move_record> moves;
  bool parks = false; // connections outlive their target
  /// Labels of those among `kills` that were stopped by SIGTERM.
  std::set<std::string> stopped;
};

struct judgement {
  std::vector<std::string> violations;
  std::uint64_t messages = 0;    // that a target got
  std::uint64_t replies = 0;     // that targets sent
  std::uint64_t excused = 0;     // messages that a killed target took with it
  std::uint64_t stays = 0;       // accepted joins
  std::uint64_t lost = 0;        // connections that closed with 1011, or 1001
  std::uint64_t redelivered = 0; // of the messages
  std::uint64_t parked = 0;      // how often a connection was,
  std::uint64_t resumed = 0;     //   and went on,
  std::uint64_t in_vain = 0;     //   or closed
  milliseconds slowest_close{0};
  milliseconds slowest_answer{0};
  std::string slowest_move;                     // where to, and its answer
  std::map<std::string, std::uint64_t> answers; // how many of each
};

/// Longest time from the end of a node to the close frames of its connections.
inline constexpr milliseconds detection_limit{3'000};

judgement judge(const evidence& all);

} // namespace wsrelay::cluster_storm
