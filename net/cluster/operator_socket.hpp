// Where a node listens for its operator, who is on the same machine: a unix
// socket whose mode lets in its owner and root, and nobody else.
#pragma once

#include "net/loop/socket_file.hpp"
#include "net/loop/unique_fd.hpp"
#include "protocol/result.hpp"

#include <string>
#include <string_view>

namespace wsrelay {

/// The folder where a user has none of its own: that of services.
inline constexpr const char* service_folder = "/run/wsrelay";

/// Returns where the nodes of a user have their sockets: "wsrelay" in
/// `runtime_folder` ($XDG_RUNTIME_DIR, or null), `service_folder` when that is
/// no absolute path.
std::string operator_folder(const char* runtime_folder);

/// Returns the name of a node's socket, "NAME.sock" or "NAME-2.sock" for the
/// second node of that name. Of the name 64 bytes; those that a file, a shell
/// or a terminal might take for something else are "_".
std::string operator_socket_name(std::string_view node, unsigned number);

struct operator_socket {
  unique_fd socket; // listens; non-blocking, not inherited
  socket_file file;
};

/// Opens the first socket of that node's name in `folder` that no living node
/// has. A folder that is not there is made, with mode 0700. What a node that
/// was killed has left is replaced. Failure: the folder or what is in the way
/// belongs to somebody else, or others may write there. Waits a second at most
/// for nodes that start at the same time.
result<operator_socket> open_operator_socket(const std::string& folder,
                                             std::string_view node);

/// As the other, for a path that somebody chose: a living node that has it is a
/// failure.
result<operator_socket> open_operator_socket(const std::string& path);

} // namespace wsrelay
