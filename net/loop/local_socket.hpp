// Unix sockets, for those on the same machine.
#pragma once

#include "net/loop/unique_fd.hpp"

#include <boost/system/error_code.hpp>

#include <sys/types.h>

#include <optional>
#include <string>

namespace wsrelay {

/// Returns whether what a user has typed names a unix socket: a path from the
/// root on. No host begins with a slash.
bool is_socket_path(const std::string& host);

/// Connects at once or not at all: it never blocks. `ec` says why there is
/// none; `connection_refused` is a socket that nobody listens on.
unique_fd connect_local(const std::string& path, boost::system::error_code& ec);

/// Binds and listens; the file has this mode from the beginning. Never blocks.
unique_fd listen_local(const std::string& path, mode_t mode,
                       boost::system::error_code& ec);

/// Returns the user whose process is at the other end, as the kernel saw it
/// when it connected.
std::optional<uid_t> user_of(int socket);

} // namespace wsrelay
