// Files as text, bounded.
#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <string>

namespace wsrelay {

/// Returns what the file at `path` holds, at most `max_size` + 1 bytes, so that
/// the caller sees that it is larger. Folders and unreadable files are
/// failures. Blocks.
result<std::string> read_file(const std::string& path, std::size_t max_size);

} // namespace wsrelay
