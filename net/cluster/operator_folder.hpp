// The folders of operators' sockets: who may trust one, and who is alone in it.
#pragma once

#include "net/loop/unique_fd.hpp"
#include "protocol/result.hpp"

#include <string>

namespace wsrelay {

/// Who asks for a folder or a socket: a node that puts its own there, or an
/// operator who talks to what is there.
enum class socket_side { node, operator_of_it };

/// Returns why a folder is not to be trusted, or nothing: it belongs to
/// somebody else, others may write there, or it cannot be looked at. Root is
/// nobody else, and as an operator it goes where services of other users are.
/// A link at the end of `path` is followed.
std::string fault_of_folder(const std::string& path, socket_side side);

/// Returns why an operator does not talk to the socket at `path`, or nothing:
/// its folder is at fault, or another user may have put it there. What is not
/// there has no fault. Links on the way are followed.
std::string fault_of_socket(const std::string& path);

/// Keeps the other nodes of a user out of a folder while it lives, also those
/// of the same process; it goes with the process, too. A file of its own, that
/// nobody else can open, and so not lock either; it is removed in the end.
class folder_lock {
public:
  folder_lock(folder_lock&& other) noexcept = default;
  folder_lock& operator=(folder_lock&& other) noexcept = default;
  ~folder_lock();

  /// Makes the folder, with mode 0700, when only it is missing, and locks it.
  /// Waits a second at most. Failure: the folder is at fault or a link, or the
  /// file is.
  static result<folder_lock> take(const std::string& folder);

private:
  folder_lock(unique_fd folder, unique_fd file, std::string name);

  unique_fd folder_;
  unique_fd file_;
  std::string name_;
};

} // namespace wsrelay
