// All clients on one thread, and what those saw that are gone.
#pragma once

#include "test/cluster_storm/client.hpp"
#include "test/cluster_storm/dice.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace wsrelay::cluster_storm {

/// Nothing happens but in its turns.
class swarm {
public:
  using clients = std::vector<std::unique_ptr<client>>;

  /// Half of the clients take each route where connections park.
  swarm(dice& random, bool parks) : random_{random}, parks_{parks} {}

  /// Until there are `count`, with new clients for those that are gone.
  void fill_up(std::size_t count, std::uint16_t port);

  client& any() { return *clients_[random_.pick(clients_.size())]; }
  const clients& all() const noexcept { return clients_; }

  /// Every client sends its next number.
  void send_numbers();
  /// Every client closes, which takes some turns.
  void close();
  bool gone() const;
  bool any_parked() const;

  /// Reads and writes what it can, for a millisecond.
  void turn();

  /// Makes turns until it holds; returns false when it does not in time.
  bool turn_until(milliseconds limit, const std::function<bool()>& condition);

  /// How many messages came, to those that are not gone.
  std::uint64_t received() const;

  /// Of those that are gone and, behind them, those that are not.
  std::vector<client_record> records() const;

private:
  std::unique_ptr<client> make(std::uint16_t port);

  dice& random_;
  bool parks_;
  clients clients_;
  std::vector<client_record> gone_;
  std::uint64_t serials_ = 0;
};

} // namespace wsrelay::cluster_storm
