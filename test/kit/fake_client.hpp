// A browser, played by the test.
#pragma once

#include "test/kit/expectation.hpp"
#include "test/kit/fake_frame_port.hpp"
#include "test/kit/print.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay::test {

/// Makes a text or a binary message, to compare with.
client_message text(std::string data);
client_message binary(std::string data);

/// A received {"topic":...,"data":...}; `data` is JSON text. A topic stands as
/// it is spelled, escapes included.
struct client_event {
  std::string topic;
  std::string data;

  bool operator==(const client_event&) const = default;
};

/// Reads an envelope; nothing when a message is none.
std::optional<client_event> to_event(const client_message& message);

std::ostream& operator<<(std::ostream& out, const client_message& message);
std::ostream& operator<<(std::ostream& out, const client_close& frame);
std::ostream& operator<<(std::ostream& out, const client_event& event);

/// One client and its connection, from `test_node::connect`. A handle: copies
/// are the same client. What it does takes effect with `test_node::run`.
///
/// What is expected of it fails as expectation.hpp tells. Each takes the next
/// message, and lets the node run for it only if none waits to be taken.
class fake_client {
public:
  /// `name` stands in texts of failures; "" = the PID alone.
  fake_client(caf::actor connection, std::shared_ptr<fake_frame_port> port,
              std::string name = {}, weak_runner runner = {});

  /// Returns the connection: send to it, monitor it, link to it.
  const caf::actor& actor() const noexcept { return actor_; }

  /// Returns "ann (12@NODE)", or the PID where it has no name.
  std::string name() const;

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

  /// The next message is this text, or these bytes.
  void expect_text(std::string_view data,
                   source_line where = source_line::here());
  void expect_binary(std::string_view data,
                     source_line where = source_line::here());

  /// The next message is a text of this JSON, whatever the order of its keys.
  void expect_json(std::string_view json,
                   source_line where = source_line::here());

  /// The next message is this envelope; `data` is compared as JSON.
  void expect_event(std::string_view topic, std::string_view data,
                    source_line where = source_line::here());

  /// The same with any data, which it returns.
  std::string expect_event(std::string_view topic,
                           source_line where = source_line::here());

  /// There is a next message, whatever it is: returns it.
  client_message expect_message(source_line where = source_line::here());

  /// Nothing waits to be taken, also when nothing is left to do. Runs.
  void expect_nothing(source_line where = source_line::here());

  /// The relay's close frame has this code, and the reason if one is given;
  /// 1006: the socket has ended without one. What waits to be taken does not
  /// matter.
  void expect_close(std::uint16_t code,
                    source_line where = source_line::here());
  void expect_close(std::uint16_t code, std::string_view reason,
                    source_line where = source_line::here());

  /// The socket is open, also when nothing is left to do. Runs.
  void expect_open(source_line where = source_line::here());

  /// Returns what came and was not taken; `take` removes it.
  const std::vector<client_message>& received() const;
  std::vector<client_message> take();

  /// Takes the same as strings: a text as it is, the others as "binary DATA".
  text_list take_texts();

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
  void run() const;
  std::optional<client_message> next(const std::string& expected,
                                     source_line where);
  void complain(const std::string& expected, const std::string& found,
                source_line where) const;
  bool is_closed_with(std::uint16_t code,
                      std::optional<std::string_view> reason) const;
  void check_close(std::uint16_t code, std::optional<std::string_view> reason,
                   source_line where);
  std::string state_text() const;

  caf::actor actor_;
  std::shared_ptr<fake_frame_port> port_;
  std::string name_;
  weak_runner runner_;
  std::shared_ptr<std::optional<caf::error>> exit_reason_;
};

} // namespace wsrelay::test
