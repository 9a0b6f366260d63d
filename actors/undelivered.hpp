// What an actor sent to a connection, wanted no answer for, and could not be
// carried out: it leaves a line.
#pragma once

#include <caf/error.hpp>

#include <string_view>

namespace wsrelay {

/// Logs a warning with the connection's PID, the message's topic and the
/// reason; of each reason a few in a while. That a connection is closing is no
/// fault of the sender's, and no line. Any thread.
void log_undelivered(std::string_view client_pid, std::string_view topic,
                     const caf::error& why);

} // namespace wsrelay
