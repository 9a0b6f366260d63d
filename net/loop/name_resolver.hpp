// Turns host names into addresses, on threads of its own: a name that resolves
// slowly holds up no other one, no loop, and not the end of the process.
#pragma once

#include "net/loop/loop_door.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// At least one, the preferred one first; or why there is none.
using name_result = result<std::vector<boost::asio::ip::address>>;

/// Asks the system; returns `max` addresses at most. Blocks for as long as it
/// likes.
name_result look_up_name(const std::string& host, std::size_t max = 16);

struct name_resolver_options {
  /// Is called on many threads at once, and may outlive the resolver: what it
  /// needs it owns.
  std::function<name_result(const std::string& host)> lookup =
      [](const std::string& host) { return look_up_name(host); };
  std::function<time_point()> now = std::chrono::steady_clock::now;
  /// Names that are looked up at once, each on a thread. One more fails.
  std::size_t max_lookups = 64;
  /// How long an answer is used again, one with addresses and one without.
  std::chrono::milliseconds keep_found = std::chrono::seconds{5};
  std::chrono::milliseconds keep_missing = std::chrono::seconds{1};
};

/// Shared by the loops of a node. Any thread. Nobody waits for a look-up that
/// is under way when the resolver goes; those who asked are still told.
class name_resolver {
public:
  /// A question under way. Who drops it gets no answer.
  class question;

  explicit name_resolver(name_resolver_options options = {});

  /// Gives the addresses of a name, or of an address in text form, to `done` on
  /// the loop behind `door`, never before this returns. Those who ask for the
  /// same name share one look-up.
  std::shared_ptr<question> find(std::shared_ptr<loop_door> door,
                                 const std::string& host,
                                 std::function<void(const name_result&)> done);

private:
  class state;
  std::shared_ptr<state> state_; // of the threads, too
};

} // namespace wsrelay
