// Half-open peers are found here.
#include "net/ws/liveness.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

// The kernel counts in jiffies, of 10 ms at most (CONFIG_HZ=100): `quiet` can
// be that much too long, and an answer at once would look older than its ping.
constexpr std::chrono::milliseconds kernel_tick{10};

} // namespace

std::optional<std::chrono::milliseconds> last_heard(int socket,
                                                    life_sign kind) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    return std::nullopt;
  auto quiet = info.tcpi_last_data_recv;
  if (kind == life_sign::ack)
    quiet = std::min(quiet, info.tcpi_last_ack_recv);
  return std::chrono::milliseconds{quiet};
}

liveness::verdict
liveness::check(time_point now, std::optional<std::chrono::milliseconds> quiet,
                const output_way& output) {
  auto interval = *options_->ping_interval;
  auto timeout = options_->pong_timeout;
  if (!quiet) { // a kernel that does not answer kills nobody
    pinged_ = time_point::min();
    next_ = now + interval;
    return verdict::alive;
  }
  auto heard = now - *quiet;
  if (heard + kernel_tick < pinged_) {
    next_ = now + timeout;
    return takes_what_waits(output) ? verdict::alive : verdict::dead;
  }
  pinged_ = time_point::min();
  if (*quiet < interval) {
    next_ = heard + interval;
    return verdict::alive;
  }
  pinged_ = now;
  before_ping_ = output;
  next_ = now + timeout;
  return verdict::ping;
}

// Progress, and not an acknowledgement: a kernel whose program does not read
// answers when it is asked whether there is room again.
bool liveness::takes_what_waits(const output_way& output) {
  auto before = std::exchange(before_ping_.arrived, output.arrived);
  return before < before_ping_.sent && before < output.arrived;
}

} // namespace wsrelay
