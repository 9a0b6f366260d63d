// The last connections of an acceptor that have ended: how, and what came
// before.
#pragma once

#include "actors/flight_record.hpp"
#include "actors/node_messages.hpp"

#include <caf/fwd.hpp>
#include <caf/node_id.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace wsrelay {

/// How many an acceptor remembers.
inline constexpr std::size_t max_ended = 256;

/// What is left of a connection.
struct ended_connection {
  caf::actor_id id;
  std::string remote_address;
  std::string endpoint;
  const_flight_record_ptr record; // never null
};

/// Returns all that is told of it; `node` is its own.
connection_report report_of(const ended_connection& what,
                            const caf::node_id& node);

/// The newest ones. Of one thread.
class ended_connections {
public:
  void add(ended_connection what) {
    if (all_.size() == max_ended)
      all_.pop_front();
    all_.push_back(std::move(what));
  }

  /// Returns the one with this actor id, or all with 0, the newest first.
  std::vector<connection_report> find(caf::actor_id id,
                                      const caf::node_id& node) const;

private:
  std::deque<ended_connection> all_; // the oldest first
};

/// Who hears of connections that come and go. Any thread; must not block.
class connection_journal {
public:
  virtual ~connection_journal() = default;

  /// Returns whether anybody listens.
  virtual bool is_wanted() const noexcept = 0;

  virtual void on_open(const connection_info& what) = 0;
  virtual void on_end(const ended_connection& what) = 0;
};

} // namespace wsrelay
