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

bool is_unix_socket(int socket) {
  int family = 0;
  socklen_t size = sizeof family;
  return getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0
         && family == AF_UNIX;
}

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

void liveness::start(time_point now, int socket) {
  if (options_->ping_interval)
    next_ = now + *options_->ping_interval;
  if (is_unix_socket(socket))
    heard_ = now;
}

// What nobody reads nobody hears.
liveness::verdict liveness::check(time_point now, int socket, bool paused,
                                  const output_way& output) {
  if (heard_ == time_point::min())
    return check(now,
                 last_heard(socket, paused ? life_sign::ack : life_sign::data),
                 output);
  if (paused)
    heard_ = now;
  return check(
      now, std::chrono::duration_cast<std::chrono::milliseconds>(now - heard_),
      output);
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
