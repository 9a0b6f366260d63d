#include "tools/bench/engine.hpp"

#include "tools/bench/process_stats.hpp"
#include "tools/bench/upgrade_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace wsrelay::bench {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t handshake_timeout = 10 * second;
constexpr std::uint64_t close_timeout = 10 * second;
// Nothing came for so long: what is under way is lost.
constexpr std::uint64_t patience = 5 * second;
constexpr std::uint64_t longest_drain = 60 * second;
constexpr std::uint64_t max_opening = 256;
constexpr std::size_t input_bytes = 256 * 1024;

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

} // namespace

engine::engine(const options& opts, const sockaddr_storage& address,
               socklen_t address_size)
    : opts_{opts}, is_settled_(opts.connections) {
  io_.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (io_.epoll < 0)
    fail("epoll_create1");
  watch_signals();
  // Pacing needs wake-ups more exact than the default slack of 50 us.
  prctl(PR_SET_TIMERSLACK, 1000);
  io_.address = address;
  io_.address_size = address_size;
  io_.request = make_upgrade_request(opts);
  io_.host = opts.target.host;
  if (opts.target.tls)
    io_.tls = make_client_tls();
  io_.input.resize(input_bytes);
  for (std::uint32_t i = 0; i < opts.connections; ++i)
    connections_.emplace_back(io_, i);
  work_ = make_workload({opts_, io_, out_.counts, connections_});
  io_.sink = work_.get();
  io_.owner = this;
}

engine::~engine() {
  connections_.clear();
  if (signals_ >= 0)
    ::close(signals_);
  if (io_.epoll >= 0)
    ::close(io_.epoll);
}

// Signals become events of the loop; its data is null.
void engine::watch_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  epoll_event event{EPOLLIN, {nullptr}};
  if (signals_ < 0
      || epoll_ctl(io_.epoll, EPOLL_CTL_ADD, signals_, &event) != 0)
    fail("signalfd");
}

outcome engine::run() {
  out_.server_memory_before = take_usage(opts_.server_pid).server_memory;
  io_.now = began_ = now_ns();
  next_second_ = began_ + second;
  if (!work_->waits_for_all())
    begin_traffic();
  while (stage_ != stage::done) {
    open_more();
    work_->on_tick();
    auto before = stage_;
    advance();
    if (stage_ == before)
      wait();
    if (io_.now >= next_second_)
      every_second();
  }
  return std::move(out_);
}

void engine::wait() {
  std::array<epoll_event, 512> events;
  auto until = next_wakeup();
  auto left = until - std::min(until, io_.now);
  timespec timeout{static_cast<time_t>(left / second),
                   static_cast<long>(left % second)};
  auto count =
      epoll_pwait2(io_.epoll, events.data(), events.size(), &timeout, nullptr);
  io_.now = now_ns();
  for (int i = 0; i < count; ++i) {
    if (auto* which = static_cast<connection*>(events[i].data.ptr))
      which->on_ready(events[i].events);
    else
      on_signal();
  }
}

void engine::on_signal() {
  signalfd_siginfo info;
  while (::read(signals_, &info, sizeof info) == sizeof info) {
    if (stage_ == stage::measuring)
      end_measuring();
    else if (stage_ == stage::opening || stage_ == stage::warmup)
      begin_closing();
    else
      stage_ = stage::done;
  }
}

std::uint64_t engine::next_wakeup() const {
  return std::min({next_second_, stage_end_, next_open(), work_->next_due()});
}

std::uint64_t engine::next_open() const {
  bool waits = begun_ == opts_.connections || stage_ > stage::measuring
               || begun_ - settled_ >= max_opening;
  if (waits)
    return never;
  if (opts_.ramp == 0)
    return 0;
  return began_
         + static_cast<std::uint64_t>(static_cast<double>(begun_) * 1e9
                                      / opts_.ramp);
}

void engine::open_more() {
  while (next_open() <= io_.now) {
    ++alive_;
    connections_[begun_++].start();
  }
}

bool engine::is_all_settled() const {
  return settled_ == opts_.connections;
}

void engine::on_opened(connection& which) {
  if (!is_settled_[which.index()]) {
    is_settled_[which.index()] = true;
    ++settled_;
    ++out_.counts.opened;
    out_.opening_time = io_.now - began_;
  }
  work_->on_opened(which);
}

void engine::on_ended(connection& which, const ending& how) {
  if (!is_settled_[which.index()]) {
    is_settled_[which.index()] = true;
    ++settled_;
  }
  out_.counts.failed += how.kind == ending::kind::not_open;
  if (how.kind != ending::kind::clean)
    ++out_.counts.errors[how.text];
  if (how.kind == ending::kind::closed)
    ++out_.counts.close_codes[how.code];
  work_->on_ended(which, how);
  if (which.is_ended())
    --alive_;
}

void engine::advance() {
  bool over = io_.now >= stage_end_;
  bool deserted = is_all_settled() && alive_ == 0;
  switch (stage_) {
    case stage::opening:
      if (deserted)
        stage_ = stage::done;
      else if (is_all_settled())
        begin_traffic();
      break;
    case stage::warmup:
      if (over)
        begin_measuring();
      break;
    case stage::measuring:
      if (over || deserted || is_measured() || is_stuck())
        end_measuring();
      break;
    case stage::draining:
      if (over || work_->awaited() == 0 || is_stuck())
        begin_closing();
      break;
    case stage::closing:
      if (over)
        for (auto& c : connections_)
          c.abort("close handshake timed out");
      if (alive_ == 0)
        stage_ = stage::done;
      break;
    case stage::done:
      break;
  }
}

void engine::enter(stage next, std::uint64_t longest) {
  stage_ = next;
  stage_end_ = io_.now + longest;
  progress_at_ = io_.now;
}

void engine::begin_traffic() {
  bool warms_up = opts_.warmup > 0 && opts_.mode != mode::idle;
  if (warms_up)
    enter(stage::warmup, opts_.warmup);
  else
    begin_measuring();
  work_->start();
}

void engine::begin_measuring() {
  enter(stage::measuring, opts_.duration);
  if (opts_.messages > 0)
    work_->limit(opts_.messages);
  out_.counts.measuring = true;
  before_ = take_usage(opts_.server_pid);
}

void engine::end_measuring() {
  out_.counts.measuring = false;
  auto after = take_usage(opts_.server_pid);
  out_.measured_time = after.time - before_.time;
  out_.own_cpu = after.own_cpu - before_.own_cpu;
  if (after.server_cpu && before_.server_cpu)
    out_.server_cpu = *after.server_cpu - *before_.server_cpu;
  if (after.server_faults && before_.server_faults)
    out_.server_faults = *after.server_faults - *before_.server_faults;
  out_.server_memory_after = after.server_memory;
  out_.held = alive_;
  work_->stop();
  enter(stage::draining, longest_drain);
}

void engine::begin_closing() {
  work_->stop();
  work_->give_up();
  enter(stage::closing, close_timeout);
  for (auto& c : connections_)
    c.close();
}

bool engine::is_measured() const {
  return opts_.messages > 0 && out_.counts.messages >= opts_.messages;
}

bool engine::is_stuck() {
  if (out_.counts.arrived != progress_ || work_->awaited() == 0) {
    progress_ = out_.counts.arrived;
    progress_at_ = io_.now;
  }
  return io_.now - progress_at_ > patience;
}

void engine::every_second() {
  next_second_ = std::max(next_second_ + second, io_.now);
  for (auto& c : connections_)
    c.expire(handshake_timeout);
  if (!opts_.quiet)
    show_progress();
}

void engine::show_progress() {
  constexpr std::array<const char*, 5> names{"opening", "warm-up", "measuring",
                                             "draining", "closing"};
  const auto& counts = out_.counts;
  if (stage_ == stage::done)
    return;
  fmt::print(stderr,
             "{:4.0f} s {}: {} of {} open, {} messages/s, {} awaited, {} lost, "
             "{} wrong, {} errors\n",
             static_cast<double>(io_.now - began_) / 1e9,
             names[static_cast<std::size_t>(stage_)], alive_, opts_.connections,
             counts.arrived - shown_, work_->awaited(), counts.lost,
             counts.wrong, counts.error_count());
  shown_ = counts.arrived;
}

} // namespace wsrelay::bench
