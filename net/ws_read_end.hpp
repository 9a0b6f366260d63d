// What an error of Beast's WebSocket reads says about the end of a connection.
#pragma once

#include "actors/ending.hpp"

#include <boost/system/error_code.hpp>

#include <cstdint>

namespace wsrelay {

/// The cause, and the close code that Beast has sent; 0 where the cause brings
/// its own.
struct read_end {
  end_cause cause;
  std::uint16_t code;
};

/// Maps any error of a read.
read_end to_read_end(boost::system::error_code ec);

} // namespace wsrelay
