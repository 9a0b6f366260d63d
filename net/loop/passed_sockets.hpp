// Sockets that systemd has opened for this process (sd_listen_fds(3)).
#pragma once

#include "config/config.hpp"
#include "net/loop/unique_fd.hpp"
#include "protocol/result.hpp"

#include <string>
#include <vector>

namespace wsrelay {

/// Returns copies of the listening sockets of this name (FileDescriptorName=),
/// one or more: non-blocking, not inherited. Failure: there is none, or one
/// that is no stream or does not listen; it says which names there are.
result<std::vector<unique_fd>> passed_sockets(const std::string& name);

/// Returns the names of those that no address of a service takes: whoever
/// connects there waits in vain.
std::vector<std::string> unclaimed_sockets(const relay_config& config);

} // namespace wsrelay
