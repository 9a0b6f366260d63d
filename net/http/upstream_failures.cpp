// Lines, not too many.
#include "net/http/upstream_failures.hpp"

#include "actors/log.hpp"

#include <utility>

namespace wsrelay {

void upstream_failures::report(const upstream_handler& upstream,
                               std::string_view why, time_point now) {
  auto& line = lines_[upstream.url];
  if (now < line.next) {
    ++line.left_out;
    return;
  }
  line.next = now + quiet_time;
  log().warn("upstream failed: upstream={} reason={} left_out={}", upstream.url,
             why, std::exchange(line.left_out, 0));
}

} // namespace wsrelay
