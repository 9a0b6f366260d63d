// What the journals say of one connection.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wsrelay::cluster_storm {

/// One stay of a connection with a target.
struct stay {
  std::string label;
  bool joined = false;
  bool refused = false;
  bool ignored = false;
  unsigned leaves = 0;
  std::string reason;
  std::uint64_t last_seq = 0;
  std::vector<std::uint64_t> seqs;
  std::vector<std::uint64_t> again; // those that were redelivered
  std::uint64_t sent = 0;
  std::uint64_t taken = 0; // the highest
  std::vector<std::string> drops;
};

using stays = std::map<std::string, stay>; // by "label/target epoch"

} // namespace wsrelay::cluster_storm
