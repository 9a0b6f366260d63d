// Where connections park: what became of each message of a client, and why its
// connection ended.
#pragma once

#include "test/cluster_storm/stays.hpp"
#include "test/cluster_storm/verdict.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace wsrelay::cluster_storm {

struct fates {
  std::vector<std::string> violations; // without the connection's number
  std::uint64_t excused = 0;           // messages that may be missing
  bool is_lost = false;                // its target's end closed it
  bool waited_in_vain = false;         // when its time was over
  milliseconds close_time{0};          // since its target's end
};

/// Each message comes once, and again only with `redelivered` where the route
/// does that and whoever had it has ended. One is lost only where the
/// connection closed, or where a target ended with it in its mailbox and the
/// route does not redeliver.
fates judge_fates(const evidence& all, const client_record& who,
                  const stays& found);

} // namespace wsrelay::cluster_storm
