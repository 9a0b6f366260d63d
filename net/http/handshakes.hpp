// Clients of a service with TLS before they have said anything: each has a
// deadline, and they are not many.
#pragma once

#include "config/config.hpp"
#include "net/http/client_peer.hpp"
#include "net/loop/byte_stream.hpp"
#include "net/loop/loop_context.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace wsrelay {

/// The handshakes under way on one loop. Loop thread only.
class handshakes {
public:
  /// Takes the stream of a client that has proved what it has to, and who that
  /// is. What it sent behind its handshake follows at once.
  using done_function =
      std::function<void(std::unique_ptr<byte_stream>, client_peer)>;

  /// Why one failed: "timeout", "dropped" when there were too many, "plain"
  /// when there was no TLS, else "tls" with OpenSSL's words.
  using failed_function =
      std::function<void(std::string_view check, std::string_view reason,
                         const std::string& address)>;

  /// `max` under way: one more drops the oldest, since who means it needs
  /// little time.
  handshakes(loop_context& home, milliseconds timeout, std::size_t max,
             done_function done, failed_function failed);
  ~handshakes();

  handshakes(const handshakes&) = delete;
  handshakes& operator=(const handshakes&) = delete;

  /// `used` is kept until the end of the handshake.
  void begin(std::unique_ptr<byte_stream> stream, client_peer peer,
             std::shared_ptr<const void> used = nullptr);

  std::size_t count() const noexcept { return under_way_; }

private:
  class handshake;
  using place = std::list<std::unique_ptr<handshake>>::iterator;

  void pass_on(place which);
  void end(handshake& which);
  void drop_oldest();
  void forget(place which);

  loop_context& home_;
  const milliseconds timeout_;
  const std::size_t max_;
  const done_function done_;
  const failed_function failed_;
  std::list<std::unique_ptr<handshake>> all_; // the oldest first
  std::size_t under_way_ = 0;                 // of them; others are ending
};

} // namespace wsrelay
