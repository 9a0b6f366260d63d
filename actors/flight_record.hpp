// What happened to a connection: its last events, for whoever wants to know why
// it is as it is, or why it has ended.
#pragma once

#include "actors/ending.hpp"
#include "actors/error.hpp"
#include "actors/frame_port.hpp"
#include "actors/node_messages.hpp"
#include "protocol/trace_context.hpp"

#include <caf/actor.hpp>
#include <caf/intrusive_ptr.hpp>
#include <caf/node_id.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// The number of each is what its comment says.
enum class flight_event : std::uint8_t {
  opened,  // milliseconds from the request, its checks and handler included
  asked,   // a target is asked to join: the actor's id
  joined,  // it has: the actor's id
  refused, // it has not, or there was none: the `errc`
  paused,  // the client is not read: its messages so far
  dropped, // messages to a client that reads too slowly: how many so far
  parked,  // the target has ended: the `end_cause`
  resumed, // another one has joined: messages that waited
  hung_up, // the client has gone behind input that is not read
  leaving, // the client has ended, the target still answers: the close code
  closing, // the socket closes: the close code
  closed,  // the socket is done
};

/// The last events of one connection, and its end. The connection's thread, and
/// after its end the acceptor's, which is the same. Each connection has one: it
/// takes 160 bytes until there is more to tell than that it was opened and
/// joined. Counts its owners: `flight_record_ptr`.
class flight_record {
public:
  static constexpr std::size_t capacity = 32;

  /// How it ended.
  struct outcome {
    end_cause cause;
    std::uint16_t code;
    std::string text;
    milliseconds at; // Unix time
    connection_numbers numbers;
  };

  /// `now` is when its connection was opened.
  explicit flight_record(time_point now);

  /// Adds an event; the same one again is counted, and a pause as well that
  /// comes right behind another. The oldest one goes when there are too many.
  void add(flight_event what, time_point now, std::uint64_t number = 0);

  /// The same, about a target.
  void add(flight_event what, time_point now, const caf::actor& target);

  /// Says how it ended; once.
  void finish(outcome how);

  /// Returns the events, the oldest first.
  std::vector<flight_row> rows() const;

  /// Returns how many have gone.
  std::uint64_t left_out() const noexcept { return left_out_; }

  /// Returns them in one line for the log: "+0ms opened 3; +5s paused x3; ..".
  std::string line() const;

  milliseconds opened_at() const noexcept { return opened_at_; }

  std::unique_ptr<outcome> end; // null = it lives
  trace_context trace{};
  bool compressed = false; // permessage-deflate

  friend void intrusive_ptr_add_ref(const flight_record* what) noexcept {
    what->owners_.fetch_add(1, std::memory_order_relaxed);
  }

  friend void intrusive_ptr_release(const flight_record* what) noexcept {
    if (what->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete what;
  }

private:
  struct event {
    std::uint32_t at;   // milliseconds since the beginning
    std::uint32_t last; // of the last one that is counted here
    std::uint64_t what : 4;
    std::uint64_t node : 4; // place in nodes_ and one more, 0 = this one
    std::uint64_t count : 16;
    std::uint64_t number : 40;
  };

  void add(flight_event what, time_point now, std::uint64_t node,
           std::uint64_t number);
  event& at(std::size_t place) const noexcept;
  void make_room();
  std::string detail_of(const event& what) const;
  std::uint8_t place_of(const caf::node_id& node);

  // The order is that of the least space.
  std::uint8_t size_ = 0;
  std::uint8_t first_ = 0;
  mutable std::atomic<std::uint32_t> owners_{1};
  std::unique_ptr<event[]> events_; // a ring once it is full
  // Of targets elsewhere, the first few; null = none.
  std::unique_ptr<std::vector<caf::node_id>> nodes_;
  time_point begin_;
  milliseconds opened_at_;
  std::uint64_t left_out_ = 0;
};

using flight_record_ptr = caf::intrusive_ptr<flight_record>;
using const_flight_record_ptr = caf::intrusive_ptr<const flight_record>;

/// Returns what is told of a connection that has ended.
connection_report report_of(const flight_record& record);

} // namespace wsrelay
