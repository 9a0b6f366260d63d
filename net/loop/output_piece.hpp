// What an output queue consists of.
#pragma once

#include "protocol/frame.hpp"
#include "protocol/shared_buffer.hpp"

#include <optional>
#include <string_view>

namespace wsrelay {

/// One frame, or bytes that are none.
struct output_piece {
  shared_buffer data;
  std::optional<opcode> op; // none: the bytes go out as they are
  bool notify = false;      // somebody waits for the kernel to take it
  std::string_view bytes{}; // set by the queue: the frame, inside of `data`
};

} // namespace wsrelay
