// What an actor sent to a connection, wanted no answer for, and could not be
// carried out: it leaves a line.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/error.hpp>

#include <string_view>

namespace wsrelay {

/// A system whose configuration is one of these, too, tells it of each, however
/// many there are. For tests: nothing in a relay is one.
class undelivered_sink {
public:
  /// Any thread.
  virtual void on_undelivered(std::string_view client_pid,
                              std::string_view topic,
                              const caf::error& why) const = 0;

protected:
  ~undelivered_sink() = default;
};

/// Logs a warning with the connection's PID, the message's topic and the
/// reason; of each reason a few in a while. That a connection is closing is no
/// fault of the sender's, and no line. Any thread.
void log_undelivered(const caf::actor_system& system,
                     std::string_view client_pid, std::string_view topic,
                     const caf::error& why);

} // namespace wsrelay
