// What the targets of one process saw, one line per event in a file. A line is
// one write(2): what was written survives a SIGKILL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wsrelay::cluster_storm {

/// First letter of a line; "KIND TARGET EPOCH SERIAL ...". An epoch is one stay
/// of a connection with a target, counted per process; 0 = none.
enum class event : char {
  joined = 'J',        // accepted
  refused = 'R',       // answered with an error
  ignored = 'Q',       // never answered
  message = 'M',       // seq, number that the client gave it, "again"
  left = 'L',          // reason, last_seq
  sent = 'S',          // number of the message to the client
  taken = 'A',         // number: that send was a request and answered ok
  dropped = 'E',       // number, error
  move_asked = 'C',    // id of a transfer that this target asked for
  move_answered = 'D', // id, "ok" or the error
};

/// A file of events. Thread-safe.
class journal {
public:
  explicit journal(const std::string& path);
  ~journal();

  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  void add(event what, std::string_view target, std::uint64_t epoch,
           std::string_view serial, std::string_view more = {});

private:
  int fd_;
};

} // namespace wsrelay::cluster_storm
