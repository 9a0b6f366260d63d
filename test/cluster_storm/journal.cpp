// Writing events.
#include "test/cluster_storm/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace wsrelay::cluster_storm {

journal::journal(const std::string& path)
    : fd_{
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)} {
  if (fd_ < 0)
    std::abort();
}

journal::~journal() {
  ::close(fd_);
}

void journal::add(event what, std::string_view target, std::uint64_t epoch,
                  std::string_view serial, std::string_view more) {
  auto line = fmt::format("{} {} {} {} {}\n", static_cast<char>(what), target,
                          epoch, serial, more);
  if (::write(fd_, line.data(), line.size())
      != static_cast<ssize_t>(line.size()))
    std::abort();
}

} // namespace wsrelay::cluster_storm
