// The command line of the cluster storm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace wsrelay::cluster_storm {

struct storm_options {
  std::uint64_t seed = 0;
  std::size_t transfers = 1000;
  std::size_t connections = 100;
  std::size_t kills = 6;
  std::size_t freezes = 1; // of the kills
  std::size_t rate = 100;  // transfers per second
  std::string node;        // program
  std::string before;      // program of another release, or empty
  unsigned protocol = 0;   // that it speaks, 0 = its own
  std::string folder;      // for journals, logs and configurations
  std::string tls;         // PEM, or empty
  bool park = false;       // connections, when app2 ends
  bool keep = false;       // the folder, also when all is well
};

/// Without a seed it is random, without a folder it is a new one. Ends the
/// program on anything it does not know.
storm_options parse_options(int argc, char** argv);

} // namespace wsrelay::cluster_storm
