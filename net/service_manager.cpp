// What systemd wants to hear, and the watchdog's thread.
#include "net/service_manager.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <utility>

namespace wsrelay {

namespace {

// Of CLOCK_MONOTONIC, as the manager compares it (Type=notify-reload).
std::uint64_t monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000
         + static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

} // namespace

void service_manager::ready(std::string_view status, check is_well) {
  manager_.send(fmt::format("READY=1\nSTATUS={}", status));
  std::uint64_t limit = 0;
  if (::sd_watchdog_enabled(0, &limit) <= 0)
    return;
  watchdog_ =
      std::thread{[this, period = std::chrono::microseconds{limit / 2},
                   is_well = std::move(is_well)] { watch(period, is_well); }};
}

void service_manager::reload(const std::function<void()>& reload) {
  manager_.send(
      fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
  reload();
  manager_.send("READY=1");
}

void service_manager::will_stop() {
  if (!std::exchange(is_told_, true))
    manager_.send("STOPPING=1");
}

void service_manager::stopping() {
  will_stop();
  {
    std::unique_lock guard{mutex_};
    if (std::exchange(stops_, true))
      return;
  }
  changed_.notify_all();
  if (watchdog_.joinable())
    watchdog_.join();
}

void service_manager::watch(std::chrono::microseconds period,
                            const check& is_well) {
  for (;;) {
    if (is_well())
      manager_.send("WATCHDOG=1");
    std::unique_lock guard{mutex_};
    if (changed_.wait_for(guard, period, [this] { return stops_; }))
      return;
  }
}

} // namespace wsrelay
