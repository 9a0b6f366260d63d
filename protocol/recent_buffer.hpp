// Texts that are mostly the same from one to the next.
#pragma once

#include "protocol/shared_buffer.hpp"

#include <string_view>

namespace wsrelay {

/// Gives equal texts that follow each other the same memory. Keeps the last
/// one. One thread.
class recent_buffer {
public:
  shared_buffer get(std::string_view text) {
    if (last_.view() != text)
      last_ = shared_buffer{text};
    return last_;
  }

private:
  shared_buffer last_;
};

} // namespace wsrelay
