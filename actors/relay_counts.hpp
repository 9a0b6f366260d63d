// What the connections of an endpoint do on one loop, in numbers.
#pragma once

#include "actors/counter.hpp"
#include "actors/ending.hpp"
#include "actors/frame_port.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace wsrelay {

/// Where a connection is in its life.
enum class connection_phase : std::uint8_t {
  binding,      // it has no target yet
  relaying,     // it has one
  transferring, // and another one is asked
  parked,       // it had one, and the next one is awaited
  leaving,      // the client has ended, the target still answers
  closing,      // the socket closes
};

inline constexpr std::size_t connection_phase_count = 6;

std::string_view to_text(connection_phase phase) noexcept;

/// Close codes that are told apart: 1000 to 1015, then 3xxx, 4xxx and others.
inline constexpr std::size_t close_code_kinds = 19;

/// Returns the place of a close code among them, and its name: "1001", "4xxx".
std::size_t close_code_kind(std::uint16_t code) noexcept;
std::string close_code_text(std::size_t kind);

/// Written on the loop's thread alone, read by any. Since the start, but for
/// `phases`, which tells how many connections are in each now.
struct relay_counts {
  explicit relay_counts(std::string endpoint_)
      : endpoint{std::move(endpoint_)} {}

  const std::string endpoint;
  std::array<counter, connection_phase_count> phases;
  counter requests; // of its endpoint, whatever came of them
  counter opened;
  counter messages_in, bytes_in;   // of clients
  counter messages_out, bytes_out; // that were let out to clients
  counter pauses;                  // a client was not read for a while
  counter transfers, failed_transfers;
  counter dropped; // messages to clients that read too slowly
  counter parked;
  std::array<std::array<counter, close_code_kinds>, end_cause_count> ended;
  duration_histogram answers;   // a client's message to its target's answer
  duration_histogram writes;    // a message to the kernel's taking it
  duration_histogram handlers;  // handler actors
  duration_histogram upstreams; // and HTTP servers, asked by requests

  /// Returns whether the next message is one whose way to the kernel is timed:
  /// one of 64, and one at a time.
  bool may_time_write() const noexcept {
    return !timed_ && messages_out.get() % 64 == 0;
  }

  /// `who` has written its message of this number.
  void begin_write(const void* who, std::uint64_t number,
                   time_point now) noexcept {
    timed_ = who;
    timed_number_ = number;
    timed_since_ = now;
  }

  /// Returns whether the message whose way is timed is among those that `who`
  /// has written up to this number.
  bool is_timed(const void* who, std::uint64_t number) const noexcept {
    return timed_ == who && number >= timed_number_;
  }

  /// The kernel has taken it. @pre `is_timed`
  void end_write(time_point now) noexcept {
    writes.add(now - timed_since_);
    timed_ = nullptr;
  }

  /// `who` ends.
  void forget_write(const void* who) noexcept {
    if (timed_ == who)
      timed_ = nullptr;
  }

private:
  const void* timed_ = nullptr; // null = none is timed now
  std::uint64_t timed_number_ = 0;
  time_point timed_since_{};
};

} // namespace wsrelay
