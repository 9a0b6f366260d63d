// The body of an answer that comes from a file, piece by piece.
#pragma once

#include "net/http/answer.hpp"
#include "net/http/file_pool.hpp"
#include "net/http/open_below.hpp"
#include "net/loop/loop_door.hpp"

#include <cstdint>
#include <memory>

namespace wsrelay {

/// How long a disk, maybe far away, has to open a file, and for each piece.
inline constexpr milliseconds file_patience{30'000};

/// The largest piece: one per answer is in memory, so it is what a client that
/// reads slowly costs.
inline constexpr std::size_t file_piece = 128 * 1024;

/// Returns a source of `size` bytes of `file` from `first` on, for the loop
/// behind `door`. Reads on the pool's threads; the rest is lost when the file
/// has become shorter, when it cannot be read, and when the pool has stopped.
std::unique_ptr<body_source>
make_file_source(std::shared_ptr<loop_door> door,
                 std::shared_ptr<file_pool> pool,
                 std::shared_ptr<const open_file> file, std::uint64_t first,
                 std::uint64_t size);

} // namespace wsrelay
