// The files that are built into the program; the build writes their table.
#pragma once

#include <span>
#include <string_view>

namespace wsrelay {

/// One file, for as long as the program runs.
struct builtin_file {
  std::string_view root; // "builtin:demo"
  std::string_view name; // "index.html"
  std::string_view bytes;
};

/// Returns all of them.
std::span<const builtin_file> builtin_files() noexcept;

} // namespace wsrelay
