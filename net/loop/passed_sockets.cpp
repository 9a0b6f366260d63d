// What stands in LISTEN_FDS and LISTEN_FDNAMES.
#include "net/loop/passed_sockets.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace wsrelay {

namespace {

struct name_list {
  ~name_list() {
    for (auto** each = names; each && *each; ++each)
      std::free(*each);
    std::free(names);
  }
  char** names = nullptr;
};

failure cannot_use(const std::string& name, std::string_view why) {
  return {fmt::format("systemd:{}: {}", name, why)};
}

std::vector<std::string> claimed_names(const relay_config& config) {
  std::vector<std::string> result;
  for (auto& service : config.services)
    for (auto& address : service.addresses)
      result.push_back(address.systemd_name);
  return result;
}

// The original stays: a node may be stopped and started again.
result<unique_fd> copy_listening(int fd, const std::string& name) {
  if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
    return cannot_use(name, "not a stream socket that listens (Accept=yes?)");
  unique_fd copy{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
  if (!copy || ::fcntl(copy.get(), F_SETFL, O_NONBLOCK) != 0)
    return cannot_use(name, std::strerror(errno));
  return copy;
}

} // namespace

result<std::vector<unique_fd>> passed_sockets(const std::string& name) {
  name_list list;
  auto count = sd_listen_fds_with_names(0, &list.names);
  if (count < 0)
    return cannot_use(name, std::strerror(-count));
  std::vector<unique_fd> found;
  std::string others;
  for (int i = 0; i < count; ++i) {
    others.append(others.empty() ? "" : ", ").append(list.names[i]);
    if (list.names[i] != name)
      continue;
    auto copy = copy_listening(SD_LISTEN_FDS_START + i, name);
    if (!copy)
      return copy.error();
    found.push_back(std::move(*copy));
  }
  if (found.empty())
    return cannot_use(name, others.empty()
                                ? "systemd has passed no socket"
                                : "systemd has passed others: " + others);
  return found;
}

std::vector<std::string> unclaimed_sockets(const relay_config& config) {
  name_list list;
  auto count = sd_listen_fds_with_names(0, &list.names);
  auto claimed = claimed_names(config);
  std::vector<std::string> result;
  for (int i = 0; i < count; ++i)
    if (std::find(claimed.begin(), claimed.end(), list.names[i])
        == claimed.end())
      result.push_back(list.names[i]);
  return result;
}

} // namespace wsrelay
