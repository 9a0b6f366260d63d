// The table of endings.
#include "actors/ending.hpp"

#include "actors/error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include <array>

namespace wsrelay {

namespace {

// Where a row's code and text come from.
enum class source : std::uint8_t { row, given };

enum class exit_kind : std::uint8_t { normal, error, as_given };

struct row {
  std::string_view name;
  std::uint16_t code;
  source from;
  std::string_view text;
  leave_reason leave;
  exit_kind exit;
  end_severity severity;
};

using enum leave_reason;
using enum end_severity;

constexpr std::array<row, end_cause_count> table{{
    {"client_closed", 1005, source::given, "", client_closed, exit_kind::normal,
     planned},
    {"connection_lost", 1006, source::row, "connection lost", connection_lost,
     exit_kind::error, by_client},
    {"protocol_error", 1002, source::given, "protocol error", protocol_error,
     exit_kind::error, by_client},
    {"timeout", 1006, source::row, "no sign of life", timeout, exit_kind::error,
     by_client},
    {"slow_consumer", 1013, source::row,
     "too slow: read what comes sooner, then connect again", slow_consumer,
     exit_kind::error, by_client},
    {"too_fast", 1008, source::row,
     "too fast: send less at a time, then connect again", protocol_error,
     exit_kind::error, by_client},
    {"closed_by_actor", 1000, source::given, "", closed, exit_kind::normal,
     planned},
    {"target_normal", 1000, source::row, "target ended: nothing more comes",
     target_down, exit_kind::normal, planned},
    {"target_shutdown", 1001, source::row, "target shut down: connect again",
     target_down, exit_kind::error, planned},
    {"target_crashed", 1011, source::row, "target failed: connect again",
     target_down, exit_kind::error, unplanned},
    {"target_lost", 1011, source::row, "target lost: connect again",
     target_down, exit_kind::error, unplanned},
    {"target_overloaded", 1013, source::row,
     "target overloaded: connect again later", target_down, exit_kind::error,
     unplanned},
    {"target_node_stops", 1001, source::row, "target shut down: connect again",
     shutdown, exit_kind::error, planned},
    {"join_refused", 1011, source::row, "target refused: connect again later",
     target_down, exit_kind::error, unplanned},
    {"join_timeout", 1011, source::row,
     "target did not answer: connect again later", target_down,
     exit_kind::error, unplanned},
    {"node_shutdown", 1001, source::row, "server shutting down: connect again",
     shutdown, exit_kind::error, planned},
    {"node_drains", 1012, source::given, "", shutdown, exit_kind::error,
     planned},
    {"session_expired", 4401, source::given, "", expired, exit_kind::error,
     planned},
    {"exited", 1011, source::row, "ended by another actor: connect again",
     exited, exit_kind::as_given, unplanned},
    {"killed", 1011, source::row, "connection failed: connect again", exited,
     exit_kind::error, unplanned},
}};

const row& row_of(end_cause cause) noexcept {
  return table[static_cast<std::size_t>(cause)];
}

// Code 0 of a CAF error means "no error": leave reasons start at 1 there.
caf::error make_exit(const row& entry, std::uint16_t code,
                     const std::string& text, caf::error given) {
  if (entry.exit == exit_kind::normal)
    return {};
  if (entry.exit == exit_kind::as_given && given)
    return given;
  return {static_cast<std::uint8_t>(static_cast<int>(entry.leave) + 1),
          ending_category, caf::make_message(code, text)};
}

} // namespace

ending make_ending(end_cause cause, std::uint16_t code, std::string_view text,
                   caf::error exit) {
  auto& entry = row_of(cause);
  auto given = entry.from == source::given && code != 0;
  auto final_code = given ? code : entry.code;
  std::string final_text{fit_close_reason(given ? text : entry.text)};
  // A link that ends with user_shutdown is a planned end, not a failure.
  if (cause == end_cause::exited && exit == caf::exit_reason::user_shutdown)
    final_code = 1001;
  auto reason = make_exit(entry, final_code, final_text, std::move(exit));
  return {final_code, std::move(final_text), entry.leave, std::move(reason),
          entry.severity};
}

end_cause cause_of_target_end(const caf::error& reason) noexcept {
  if (!reason)
    return end_cause::target_normal;
  if (reason == caf::exit_reason::user_shutdown)
    return end_cause::target_shutdown;
  // CAF says the second when a node was silent for too long.
  if (reason == caf::exit_reason::remote_link_unreachable
      || reason == caf::sec::connection_timeout)
    return end_cause::target_lost;
  if (is(reason, errc::overloaded))
    return end_cause::target_overloaded;
  return end_cause::target_crashed;
}

std::string_view to_text(end_cause cause) noexcept {
  return row_of(cause).name;
}

std::string_view to_text(leave_reason reason) noexcept {
  constexpr std::array<std::string_view, 12> names{
      "client_closed", "connection_lost", "protocol_error", "timeout",
      "slow_consumer", "closed",          "transferred",    "rolled_back",
      "target_down",   "shutdown",        "exited",         "expired"};
  auto index = static_cast<std::size_t>(reason);
  return index < names.size() ? names[index] : "unknown";
}

std::optional<close_info> to_close_info(const caf::error& reason) {
  if (!reason || reason.category() != ending_category
      || !is_known(static_cast<leave_reason>(reason.code() - 1))
      || !reason.context().match_elements<std::uint16_t, std::string>())
    return std::nullopt;
  return close_info{static_cast<leave_reason>(reason.code() - 1),
                    reason.context().get_as<std::uint16_t>(0),
                    reason.context().get_as<std::string>(1)};
}

} // namespace wsrelay
