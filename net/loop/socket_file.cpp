// Whose a file is, and whether somebody listens there.
#include "net/loop/socket_file.hpp"

#include "net/loop/local_socket.hpp"

#include <boost/asio/error.hpp>

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace wsrelay {

namespace {

failure in_the_way(const std::string& path, std::string_view why) {
  return failure{fmt::format("{}: {}", path, why)};
}

} // namespace

result<bool> make_room(const std::string& path, std::optional<uid_t> of) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0)
    return errno == ENOENT ? result<bool>{true}
                           : in_the_way(path, std::strerror(errno));
  if (!S_ISSOCK(found.st_mode))
    return in_the_way(path, "something else than a socket is there");
  if (of && found.st_uid != *of)
    return in_the_way(path, "it belongs to somebody else");
  boost::system::error_code ec;
  connect_local(path, ec);
  if (ec != boost::asio::error::connection_refused)
    return ec == boost::system::errc::no_such_file_or_directory; // gone now
  if (::unlink(path.c_str()) != 0)
    return in_the_way(path, std::strerror(errno));
  return true;
}

socket_file::socket_file(std::string path) : path_{std::move(path)} {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) != 0)
    path_.clear();
  device_ = found.st_dev;
  inode_ = found.st_ino;
}

socket_file::socket_file(socket_file&& other) noexcept
    : path_{std::exchange(other.path_, {})},
      device_{other.device_},
      inode_{other.inode_} {}

socket_file& socket_file::operator=(socket_file&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

socket_file::~socket_file() {
  struct stat found {};
  if (!path_.empty() && ::lstat(path_.c_str(), &found) == 0
      && found.st_dev == device_ && found.st_ino == inode_)
    ::unlink(path_.c_str());
}

} // namespace wsrelay
