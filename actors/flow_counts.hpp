// How often clients were too fast or too slow, and targets went away.
#pragma once

#include <atomic>
#include <cstdint>

namespace wsrelay {

/// Of all connections of a service. Any thread.
struct flow_counts {
  using count = std::atomic<std::uint64_t>;

  count held_back{0}; // a client was not read for a while: its rate
  count ended{0};     // and for so long that it was closed
  count dropped{0};   // messages to a client that reads too slowly
  count replaced{0};  // the same, by a newer one with their key
  count parked{0};    // connections that had to wait for a successor,
  count resumed{0};   //   of which so many got one,
  count park_over{0}; //   so many waited in vain,
  count unparked{0};  //   and so many had to go for others
};

} // namespace wsrelay
