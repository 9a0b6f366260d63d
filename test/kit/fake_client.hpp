// A browser, played by the test.
#pragma once

#include "test/kit/fake_frame_port.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::test {

/// Makes a text or a binary message, to compare with.
client_message text(std::string data);
client_message binary(std::string data);

/// A received {"topic":...,"data":...}; `data` is JSON text.
struct client_event {
  std::string topic;
  std::string data;

  bool operator==(const client_event&) const = default;
};

std::ostream& operator<<(std::ostream& out, const client_message& message);
std::ostream& operator<<(std::ostream& out, const client_close& frame);
std::ostream& operator<<(std::ostream& out, const client_event& event);

/// One client and its connection, from `test_node::connect`. A handle: copies
/// are the same client. What it does takes effect with `test_node::run`.
class fake_client {
public:
  fake_client(caf::actor connection, std::shared_ptr<fake_frame_port> port);

  /// Returns the connection: send to it, monitor it, link to it.
  const caf::actor& actor() const noexcept { return actor_; }

  /// Sends one message.
  void send_text(std::string data);
  void send_binary(std::string data);

  /// Sends a close frame. Code 1005 stands for one without a code.
  void close(std::uint16_t code = 1000, std::string reason = {});

  /// The socket ends without a close frame.
  void lose();

  /// The same at once: what the client has sent and nobody has read is lost.
  void reset();

  /// The `nth` message to the client from now on, 1 for the next, breaks the
  /// socket, or waits for `delay`, and so what comes behind it.
  void fail_write(std::size_t nth = 1);
  void delay_write(milliseconds delay, std::size_t nth = 1);

  /// The client's half of the socket ends without a close frame: it may still
  /// read.
  void end_output();

  /// The client breaks RFC 6455: `code` is 1002, or 1007, 1009 for text that
  /// is not UTF-8 and for a message over the limit.
  void break_protocol(std::uint16_t code = 1002);

  /// The client gives no sign of life any more, and its time has run out.
  void fall_silent();

  /// Stops reading: what is sent to the client stays queued at the relay.
  void stall();
  /// Reads again, all that is queued.
  void read_again();

  /// Returns what came and was not taken; `take` removes it.
  const std::vector<client_message>& received() const;
  std::vector<client_message> take();

  /// The same for the envelopes among it; other messages are not in it, but
  /// `take_events` removes them, too.
  std::vector<client_event> events() const;
  std::vector<client_event> take_events();

  /// Returns the relay's close frame, also when it answers the client's.
  const std::optional<client_close>& close_frame() const;

  /// Returns whether the socket is open.
  bool is_open() const;

  /// Returns whether the relay has stopped reading from this client.
  bool is_paused() const;

  /// Returns with what the connection's actor ended; nothing while it lives. A
  /// normal end is an error that is false.
  const std::optional<caf::error>& exit_reason() const;

private:
  caf::actor actor_;
  std::shared_ptr<fake_frame_port> port_;
  std::shared_ptr<std::optional<caf::error>> exit_reason_;
};

} // namespace wsrelay::test
