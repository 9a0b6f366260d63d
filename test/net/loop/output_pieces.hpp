// Pieces of output that tell whether their bytes kept their order.
#pragma once

#include "net/loop/output_queue.hpp"

#include <string>

namespace wsrelay::test {

/// Bytes whose order shows.
inline std::string make_text(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; result.size() < size; ++i)
    result += std::to_string(i) + " ";
  result.resize(size);
  return result;
}

/// Bytes that are no frame.
inline output_piece raw(shared_buffer data) {
  return {std::move(data), std::nullopt, false};
}

} // namespace wsrelay::test
