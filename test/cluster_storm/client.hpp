// A WebSocket client on a raw socket that counts what it sends and gets.
#pragma once

#include "tools/bench/frame_codec.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::cluster_storm {

using steady = std::chrono::steady_clock;
using milliseconds = std::chrono::milliseconds;

/// What a client saw, for the verdict.
struct client_record {
  std::uint64_t serial = 0;
  std::string first_target;
  std::uint64_t sent = 0;
  /// How many messages came, by "label/target epoch"; they are numbered.
  std::map<std::string, std::uint64_t> received;
  std::string pid;        // of the connection, known with the first message
  std::string last_owner; // label of who sent last
  bool upgraded = false;
  bool redelivers = false; // its route does
  unsigned parked = 0;     // events
  unsigned resumed = 0;
  steady::time_point parked_at{}; // the last time
  bool closes = false;            // it began to close itself
  std::uint16_t close_code = 0;   // 1006 without a close frame
  steady::time_point closed_at{}; // of the close frame
  std::vector<std::string> violations;

  bool is_parked() const noexcept { return parked > resumed; }
};

/// One connection; driven by a poll loop.
class client {
public:
  /// `route` is the first part of the path.
  client(std::uint16_t port, std::uint64_t serial, std::string target,
         std::string_view route, bool redelivers);
  ~client();

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  const client_record& seen() const noexcept { return seen_; }
  bool open() const noexcept { return fd_ >= 0 && seen_.upgraded && !ended_; }
  bool gone() const noexcept { return fd_ < 0; }
  int descriptor() const noexcept { return fd_; }
  short events() const noexcept;
  void on_ready(short events);

  /// Sends the next number, with `more` behind it.
  void send_number(std::string_view more = {});

  /// Sends a close frame with 1000.
  void send_close();

private:
  void put(opcode op, std::string_view data);
  void read();
  void on_bytes(std::string_view bytes);
  void on_frame(const bench::frame_part& part);
  void on_text(std::string_view text);
  void on_event(std::string_view text);
  void on_close(std::string_view data);
  void end();

  int fd_ = -1;
  client_record seen_;
  bool ended_ = false; // a close frame came
  std::string out_;
  std::string head_;
  std::string message_;
  bench::frame_decoder decoder_;
  bench::mask_keys keys_;
};

} // namespace wsrelay::cluster_storm
