// What a server's response means: for the event that it answers, and for the
// connection.
#pragma once

#include "actors/messages.hpp"
#include "net/hook/hook_event.hpp"
#include "protocol/result.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay {

/// Messages that one response may hold.
inline constexpr std::size_t max_answer_messages = 1000;

/// What a response orders.
struct hook_orders {
  std::vector<ws_send> messages;
  std::optional<ws_close> close{};    // behind them
  std::optional<std::string> state{}; // comes with later events
  std::string target{};               // moves there; "" = stays
  std::vector<std::string> join_groups{};
  std::vector<std::string> leave_groups{};

  /// Returns whether something is to change but what the client gets.
  bool has_control() const noexcept {
    return !target.empty() || !join_groups.empty() || !leave_groups.empty();
  }
};

/// Reads a response with 2xx. 202 and 204 order no messages; the body of others
/// is one message, text or binary by its Content-Type, nothing where it is
/// empty, or several, and maybe a close, as `application/websocket-events`. To
/// a `disconnected` nothing can be ordered. Failure: text that is not UTF-8, a
/// body or a header field that means nothing.
result<hook_orders> read_orders(const http_response& response, hook_kind kind);

/// What becomes of an event.
enum class hook_verdict : std::uint8_t {
  done,  // 2xx
  again, // it was not sent, or may be sent twice
  wait,  // 429, 503 with Retry-After: the server wants none for a while
  gone,  // 410: the connection ends normally
  failed,
};

/// What came of a request.
struct hook_result {
  std::optional<http_response> response{}; // none: there was no answer
  bool was_sent = false; // as a whole, so that the server may have handled it
  std::string why{};     // where there was none
};

/// `may_repeat`: sending it twice does no harm.
hook_verdict judge(const hook_result& what, bool may_repeat) noexcept;

/// Returns what Retry-After says, in seconds, at most one minute; nothing where
/// it says nothing, or names a date.
std::optional<std::chrono::seconds> retry_after_of(const http_response& from);

/// Returns whether it tells of a server that does not work: no answer, or 5xx
/// without Retry-After.
bool is_broken(const hook_result& what) noexcept;

/// The same of a probe, which may be a method that it does not know: no answer,
/// or 502, 503 or 504.
bool is_silent(const hook_result& what) noexcept;

/// Returns what the log says of a result that is no success.
std::string reason_of(const hook_result& what);

} // namespace wsrelay
