// The poll loop.
#include "test/storm/swarm.hpp"

#include <poll.h>

namespace wsrelay::storm {

namespace {

// Random things done after each poll.
constexpr int actions_per_turn = 8;

} // namespace

swarm::swarm(std::uint16_t port, std::size_t targets, std::size_t count,
             std::uint64_t seed, record& seen, bool low_limits)
    : random_{seed},
      setting_{port,       targets,           seen, counts_, random_,
               low_limits, routes(low_limits)} {
  for (std::size_t i = 0; i < count; ++i)
    clients_.push_back(std::make_unique<client>(setting_));
  thread_ = std::thread{[this] { run(); }};
}

void swarm::stop() {
  stopping_ = true;
  if (thread_.joinable())
    thread_.join();
  clients_.clear();
}

void swarm::run() {
  auto calmed = false;
  while (!stopping_) {
    if (calm_ && !std::exchange(calmed, true))
      for (auto& each : clients_)
        each->calm();
    turn(steady::now());
  }
}

void swarm::turn(steady::time_point now) {
  std::vector<pollfd> polled;
  std::vector<client*> who;
  for (auto& each : clients_) {
    each->on_tick(now);
    if (each->descriptor() < 0)
      continue;
    // No event is wanted of a client that does not read: not even POLLHUP.
    auto events = each->events(now);
    polled.push_back({events ? each->descriptor() : -1, events, 0});
    who.push_back(each.get());
  }
  ::poll(polled.data(), polled.size(), 1);
  for (std::size_t i = 0; i < polled.size(); ++i)
    if (polled[i].revents != 0)
      who[i]->on_ready(polled[i].revents);
  for (int i = 0; i < actions_per_turn; ++i)
    clients_[random_() % clients_.size()]->act(now);
}

} // namespace wsrelay::storm
