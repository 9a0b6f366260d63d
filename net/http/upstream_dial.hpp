// Connects to one of the addresses of an upstream.
#pragma once

#include "net/http/upstream_wire.hpp"
#include "net/loop/loop_timer.hpp"
#include "protocol/result.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// Where to connect to, and how.
struct dial_plan {
  std::vector<boost::asio::ip::address> addresses; // at least one
  std::uint16_t port;
  std::string host;         // whose certificate is expected
  upstream_context context; // null = no TLS
  time_point deadline;      // is the owner's: the dial only divides the time
};

/// Tries the addresses in turn. Each gets its share of the time that is left,
/// so that one that swallows everything leaves some for the next. Destroying it
/// closes what is under way.
class upstream_dial final : private loop_timer {
public:
  /// Gets a connected wire, or what went wrong with the last address. May
  /// destroy the dial.
  using completion =
      std::function<void(result<std::shared_ptr<upstream_wire>>)>;

  upstream_dial(loop& home, dial_plan plan, completion done);
  ~upstream_dial();

  upstream_dial(const upstream_dial&) = delete;
  upstream_dial& operator=(const upstream_dial&) = delete;

  /// Begins. Does not call `done` before it returns.
  void start();

private:
  void on_timer() override;
  void on_connected(std::string why);
  void try_next(std::string why);
  void connect();
  void finish(result<std::shared_ptr<upstream_wire>> what);
  void set_share();
  void drop_wire();

  loop& home_;
  const dial_plan plan_;
  completion done_;
  std::size_t next_ = 0; // address
  std::shared_ptr<upstream_wire> wire_;
};

} // namespace wsrelay
