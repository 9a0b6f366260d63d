// One WebSocket client on a raw socket, well-behaved or not.
#pragma once

#include "test/storm/record.hpp"
#include "test/storm/replies.hpp"
#include "tools/bench/frame_codec.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace wsrelay::storm {

using steady = std::chrono::steady_clock;

/// What all clients did, for the summary.
struct client_counts {
  std::uint64_t connects = 0;
  std::uint64_t upgrades = 0;
  std::uint64_t refusals = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t closes = 0; // close frames from the relay
};

/// What clients share.
struct client_setting {
  std::uint16_t port;
  std::size_t targets;
  record& seen;
  client_counts& counts;
  std::mt19937_64& random;
  bool low_limits;
  std::span<const route> routes;
};

/// Connects, does random things, is driven by a poll loop.
class client {
public:
  explicit client(client_setting& setting)
      : setting_{setting}, where_{setting.routes.data()} {}
  ~client() { drop(); }

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  int descriptor() const noexcept { return fd_; }

  /// Returns the events to poll for.
  short events(steady::time_point now) const;

  void on_ready(short events);

  /// Connects when it is time, gives up on what takes too long.
  void on_tick(steady::time_point now);

  /// Does one random thing. Only when the connection is open.
  void act(steady::time_point now);

  /// From now on it only reads and answers.
  void calm();

private:
  enum class phase : std::uint8_t { idle, upgrading, open, ending };

  std::uint64_t random() { return setting_.random(); }

  void connect(steady::time_point now);
  void choose_route();
  void drop();
  void reset_connection();
  std::string request();

  void send_message(std::uint64_t size);
  void send_fragments();
  void send_close();
  void send_garbage();
  void stop_reading(steady::time_point now);
  void put(opcode op, std::string_view data, bool fin = true);
  void flush();
  void end_within(milliseconds time);

  void read();
  void on_bytes(std::string_view bytes);
  bool on_response(std::string_view& bytes);
  void on_frame(const bench::frame_part& part);
  void on_message();
  void on_refusal(std::uint64_t status);
  void expect_nothing(const std::string& wrong);

  client_setting& setting_;
  int fd_ = -1;
  phase phase_ = phase::idle;
  bool calm_ = false;
  bool must_answer_ = false; // a clean close was sent: the relay has to close
  std::uint64_t serial_ = 0;
  std::uint64_t sent_ = 0;
  unsigned skip_responses_ = 0;
  std::size_t skip_body_ = 0;
  std::string out_;
  std::string head_;
  std::string message_;
  bool is_control_ = false;
  std::string control_;
  bench::frame_decoder decoder_;
  bench::mask_keys keys_;
  const route* where_;
  bool healthy_ = false; // its address has no limits
  replies replies_{*where_};
  steady::time_point paused_until_{};
  steady::time_point silent_until_{};
  steady::time_point next_connect_{};
  steady::time_point deadline_ = steady::time_point::max();
};

} // namespace wsrelay::storm
