// The file of a unix socket that listens.
#pragma once

#include "protocol/result.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace wsrelay {

/// A file that is removed with its owner, unless another one is there by then:
/// as long as its socket is open no other file has the same number.
class socket_file {
public:
  socket_file() = default;

  /// Takes over what is there now.
  explicit socket_file(std::string path);

  socket_file(socket_file&& other) noexcept;
  socket_file& operator=(socket_file&& other) noexcept;
  ~socket_file();

  const std::string& path() const noexcept { return path_; }

private:
  std::string path_; // "" = none
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// Removes the socket at `path` where nobody listens any more. Returns whether
/// the place is free now: who listens keeps it. Failure: something else is
/// there, or a socket of another user than `of`.
result<bool> make_room(const std::string& path, std::optional<uid_t> of = {});

} // namespace wsrelay
