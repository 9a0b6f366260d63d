// poll before every write.
#include "net/log_descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <poll.h>
#include <unistd.h>

namespace wsrelay {

// What poll reports beside POLLOUT (the reader is gone, no descriptor at all)
// the write turns into an error.
bool log_descriptor::wait_until_writable() const {
  using namespace std::chrono;
  pollfd entry{fd_, POLLOUT, 0};
  for (;;) {
    auto now = steady_clock::now();
    auto end = std::max(now, end_.load());
    auto wait = std::min(ceil<milliseconds>(end - now), step);
    if (::poll(&entry, 1, static_cast<int>(wait.count())) > 0)
      return true;
    if (end == now)
      return false;
  }
}

// A part is written where somebody else made the descriptor non-blocking, or
// the disk is full. Where another process fills the pipe between poll and
// write, the write blocks its thread: the queue behind it is bounded, and
// nobody waits for the thread.
bool log_descriptor::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    if (!wait_until_writable())
      return false;
    auto size = std::min<std::size_t>(bytes.size(), PIPE_BUF);
    auto count = ::write(fd_, bytes.data(), size);
    if (count > 0)
      bytes.remove_prefix(static_cast<std::size_t>(count));
    else if (count == 0 || (errno != EAGAIN && errno != EINTR))
      return false;
  }
  return true;
}

} // namespace wsrelay
