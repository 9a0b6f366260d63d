// The poll loop of the clients.
#include "test/cluster_storm/swarm.hpp"

#include "test/cluster_storm/node_config.hpp"
#include "test/cluster_storm/nodes.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

namespace wsrelay::cluster_storm {

void swarm::fill_up(std::size_t count, std::uint16_t port) {
  for (auto& each : clients_)
    if (each->gone()) {
      gone_.push_back(each->seen());
      each = make(port);
    }
  while (clients_.size() < count)
    clients_.push_back(make(port));
}

std::unique_ptr<client> swarm::make(std::uint16_t port) {
  auto serial = ++serials_;
  auto is_first = !parks_ || serial % 2 == 0;
  return std::make_unique<client>(
      port, serial, fmt::format("t{}@{}", random_.pick(4), any_node(random_)),
      is_first ? first_route : second_route, parks_ && is_first);
}

void swarm::send_numbers() {
  for (auto& each : clients_)
    each->send_number();
}

void swarm::close() {
  for (auto& each : clients_)
    each->send_close();
}

bool swarm::gone() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [](auto& each) { return each->gone(); });
}

bool swarm::any_parked() const {
  return std::any_of(clients_.begin(), clients_.end(), [](auto& each) {
    return each->open() && each->seen().is_parked();
  });
}

void swarm::turn() {
  std::vector<pollfd> polled;
  for (auto& each : clients_)
    polled.push_back({each->descriptor(), each->events(), 0});
  ::poll(polled.data(), polled.size(), 1);
  for (std::size_t i = 0; i < polled.size(); ++i)
    if (polled[i].revents != 0)
      clients_[i]->on_ready(polled[i].revents);
}

bool swarm::turn_until(milliseconds limit,
                       const std::function<bool()>& condition) {
  for (auto deadline = steady::now() + limit; steady::now() < deadline;) {
    if (condition())
      return true;
    turn();
  }
  return condition();
}

std::uint64_t swarm::received() const {
  std::uint64_t result = 0;
  for (auto& each : clients_)
    for (auto& [key, count] : each->seen().received)
      result += count;
  return result;
}

std::vector<client_record> swarm::records() const {
  auto result = gone_;
  for (auto& each : clients_)
    result.push_back(each->seen());
  return result;
}

} // namespace wsrelay::cluster_storm
