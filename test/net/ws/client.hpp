// A WebSocket client and a plain HTTP request, synchronous, on Beast.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay::test {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// Status, fields and body of a response.
struct received_answer {
  unsigned status = 0;
  header_list headers;
  std::string body;

  /// Returns the first value, or "".
  std::string operator[](const std::string& name) const;
};

/// Sends a GET and reads the answer. Never waits for ever.
received_answer http_get(std::uint16_t port, const std::string& target,
                         const header_list& headers = {});

/// A WebSocket, or the refusal of one. Reads and writes end the test case when
/// they take too long.
class ws_client {
public:
  ws_client(std::uint16_t port, const std::string& target,
            const header_list& headers = {});
  ws_client(ws_client&&) noexcept;
  ~ws_client();

  /// Returns the answer to the upgrade; 101 when the WebSocket is open.
  const received_answer& answer() const noexcept { return answer_; }

  void send(const std::string& text);
  std::string receive();

  /// Sends a close frame and waits for the answer.
  void close(std::uint16_t code = 1000);

  /// Reads until the relay closes and returns the code, 1006 without a close
  /// frame.
  std::uint16_t wait_for_close();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
  received_answer answer_;
};

} // namespace wsrelay::test
