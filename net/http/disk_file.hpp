// Finds a file in a folder and answers with it. For threads that may wait.
#pragma once

#include "net/http/answer.hpp"
#include "net/http/open_below.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace wsrelay {

/// A file up to this size is read as a whole, with its answer.
inline constexpr std::size_t small_file = 64 * 1024;

/// What of a request a file's answer depends on.
struct disk_request {
  std::string root;
  std::string file;     // below the root, a folder's index already added
  std::string location; // where to send those who asked for a folder
  http_fields fields;
  bool is_head = false;
};

/// An answer; with a `file`, what is too large to be read with it: its body is
/// `size` bytes from `first` on.
struct disk_answer {
  http_answer answer;
  std::shared_ptr<const open_file> file;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

/// Finds, opens and reads. Blocks.
disk_answer answer_from_disk(const disk_request& request);

/// Returns 308 to `location`.
http_answer redirect_to(std::string location);

/// Returns 404.
http_answer nothing_there();

/// Returns 503.
http_answer too_busy();

} // namespace wsrelay
