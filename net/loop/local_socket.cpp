// What Asio would do with a wait, or with another mode first.
#include "net/loop/local_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace wsrelay {

namespace {

using error_code = boost::system::error_code;

error_code last_error() {
  return {errno, boost::system::system_category()};
}

bool fill(sockaddr_un& address, const std::string& path) {
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

// `apply` is called with a new socket and the address.
template <class F>
unique_fd open_local(const std::string& path, error_code& ec, F apply) {
  ec = {};
  sockaddr_un address{};
  if (!fill(address, path)) {
    ec = {ENAMETOOLONG, boost::system::system_category()};
    return {};
  }
  unique_fd made{
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (made && apply(made.get(), reinterpret_cast<sockaddr*>(&address)) == 0)
    return made;
  ec = last_error();
  return {};
}

} // namespace

bool is_socket_path(const std::string& host) {
  return host.starts_with('/');
}

unique_fd connect_local(const std::string& path, error_code& ec) {
  return open_local(path, ec, [](int socket, const sockaddr* address) {
    return ::connect(socket, address, sizeof(sockaddr_un));
  });
}

// The mode is that of the file to be (unix(7) leaves it to the umask, which the
// whole process shares).
unique_fd listen_local(const std::string& path, mode_t mode, error_code& ec) {
  return open_local(path, ec, [mode](int socket, const sockaddr* address) {
    if (::fchmod(socket, mode) != 0
        || ::bind(socket, address, sizeof(sockaddr_un)) != 0)
      return -1;
    return ::listen(socket, SOMAXCONN);
  });
}

std::optional<uid_t> user_of(int socket) {
  ucred found{};
  socklen_t size = sizeof found;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &found, &size) != 0)
    return std::nullopt;
  return found.uid;
}

} // namespace wsrelay
