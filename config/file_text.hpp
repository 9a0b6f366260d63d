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

/// Bytes of a secret; an HMAC-SHA256 key is best at 32.
inline constexpr std::size_t max_secret_size = 4096;

/// Returns what the file at `path` holds, without the ends of lines at its end.
/// An empty one is a failure. Blocks.
result<std::string> read_secret(const std::string& path);

/// Largest file of certificates, in bytes; all authorities of a system are
/// about 220 KiB.
inline constexpr std::size_t max_certificate_file = 8 * 1024 * 1024;

/// Returns whether the file at `path` can be read and holds a PEM certificate,
/// by its first line; who uses it finds out what it is worth. Blocks.
checked check_certificate_file(const std::string& path);

} // namespace wsrelay
