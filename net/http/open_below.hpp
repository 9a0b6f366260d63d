// Opens files below a root, and nothing else. For threads that may wait.
#pragma once

#include "net/loop/unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace wsrelay {

/// A regular file, open for reading.
struct open_file {
  unique_fd fd;
  std::uint64_t inode;
  std::uint64_t size;
  std::int64_t modified; // seconds since 1970
  std::uint32_t modified_ns;
};

/// What stands under a name.
enum class entry_kind {
  missing,     // nothing that is served
  unavailable, // the system cannot open it now
  folder,
  file,
};

struct found_entry {
  entry_kind kind = entry_kind::missing;
  std::shared_ptr<const open_file> file; // only with `file`
};

/// The folder that files are served from. Blocks.
class root_folder {
public:
  /// Opens it; a link is followed. Each request does, since a deploy may have
  /// put another folder in its place.
  explicit root_folder(const std::string& path);

  /// Opens the file called `name`, relative to the root. Links are followed,
  /// absolute ones too, where they end below the root; no link that is put in
  /// place meanwhile leads out of it. Never waits for a pipe's other end.
  found_entry open(const std::string& name) const;

private:
  unique_fd open_below(const std::string& name) const;
  unique_fd open_real(const std::string& name) const;

  std::string path_;
  unique_fd root_;
  int error_ = 0; // of opening the root
};

/// Reads `count` bytes from `offset` on to `out`. Returns false when the file
/// ends before, or cannot be read. Blocks.
bool read_fully(const open_file& file, char* out, std::size_t count,
                std::uint64_t offset) noexcept;

} // namespace wsrelay
