// One connection to another node, as CAF's BASP broker sees it: a scribe on a
// loop. All that the broker writes in a turn goes out with one call, and what
// one read brought is cut into messages, each judged before the broker has it.
#pragma once

#include "actors/log_limit.hpp"
#include "net/cluster/basp_check.hpp"
#include "net/cluster/socket.hpp"
#include "net/loop/loop.hpp"

#include <caf/io/scribe.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>

namespace wsrelay {

/// How long the other side may take to say who it is, after TLS.
inline constexpr std::chrono::seconds basp_greeting_timeout{5};

/// How long what is written last may take to leave, once the broker has closed
/// the connection.
inline constexpr std::chrono::seconds basp_linger_timeout{1};

/// How long the other side may take then to end the connection, too.
inline constexpr std::chrono::milliseconds basp_farewell_timeout{250};

/// A node that lives and takes nothing is lost after so many times what a
/// silence may last: a kernel whose buffer is full asks for more when much of
/// it is free again.
inline constexpr int basp_stall_factor = 10;

/// How a stream begins. To CAF's broker of nodes it comes only once the
/// handshake of the other side is whole, within `basp_greeting_timeout`.
enum class greeting {
  any,      // no BASP, perhaps: a broker of the program
  incoming, // says who it is at once
  outgoing, // says who it is once it knows who the other side is, so that a
            // second connection to the same node ends without a trace
};

/// What a stream is made with.
struct basp_options {
  greeting how = greeting::any;
  /// Bytes that may wait for the other node, which is alive but takes less than
  /// it is sent. More end the connection: that node is lost, then found again.
  std::size_t output_limit = std::numeric_limits<std::size_t>::max();
  /// Shared by the streams that whoever reaches a port can cause.
  std::shared_ptr<log_limit> lines = std::make_shared<log_limit>();
};

/// Makes the scribe of a connected socket, whose TLS handshake is done. It gets
/// a handle that no connection of the process had before: CAF's own, the
/// descriptor, may be used again before the broker has forgotten the old one.
/// While it is open, or has something left to send, `home` counts it as a
/// socket. The socket is one of `home`'s. Any thread.
caf::io::scribe_ptr make_basp_stream(loop& home,
                                     std::unique_ptr<node_socket> socket,
                                     basp_options options = {});

} // namespace wsrelay
