// Counting lines per reason.
#include "actors/log_limit.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>

namespace wsrelay {

log_limit::log_limit(log_limit_options options) : options_{options} {}

std::optional<std::uint64_t> log_limit::allow(std::string_view reason,
                                              time_point now) {
  std::lock_guard guard{mutex_};
  auto& found = find(reason.substr(0, options_.max_reason_size), now);
  if (now - found.begin >= options_.interval) {
    found.begin = now;
    found.lines = 0;
  }
  if (found.lines > 0 && found.lines >= options_.max_lines) {
    ++found.suppressed;
    return std::nullopt;
  }
  ++found.lines;
  return std::exchange(found.suppressed, 0);
}

log_limit::count& log_limit::find(std::string_view reason, time_point now) {
  if (auto found = reasons_.find(reason); found != reasons_.end())
    return found->second;
  if (reasons_.size() >= options_.max_reasons)
    drop_old(now);
  if (reasons_.size() >= options_.max_reasons)
    return others_;
  try {
    return reasons_.emplace(reason, count{now}).first->second;
  } catch (const std::bad_alloc&) {
    return others_;
  }
}

// What they left out is told with the next line of the others.
void log_limit::drop_old(time_point now) {
  std::erase_if(reasons_, [&](auto& entry) {
    auto& [reason, old] = entry;
    if (now - old.begin < options_.interval)
      return false;
    others_.suppressed += old.suppressed;
    return true;
  });
}

std::string suppressed_text(std::uint64_t count) {
  return count == 0 ? std::string{} : fmt::format(" suppressed={}", count);
}

} // namespace wsrelay
