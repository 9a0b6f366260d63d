// One line for many.
#include "actors/undelivered.hpp"

#include "actors/error.hpp"
#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "actors/log_value.hpp"
#include "protocol/json.hpp"

#include <chrono>

namespace wsrelay {

namespace {

// One that is too long is no topic.
constexpr std::size_t max_shown_topic = 64;

} // namespace

void log_undelivered(const caf::actor_system& system,
                     std::string_view client_pid, std::string_view topic,
                     const caf::error& why) {
  static auto& lines = *new log_limit; // actors may send after main
  // The end of a connection has a line of its own.
  if (is(why, errc::closing) || is(why, errc::slow_consumer))
    return;
  if (auto* sink = dynamic_cast<const undelivered_sink*>(&system.config()))
    sink->on_undelivered(client_pid, topic, why);
  auto reason = to_text(why);
  auto left_out = lines.allow(reason, std::chrono::steady_clock::now());
  if (left_out)
    log(log_part::connection)
        .warn("message not delivered: pid={} topic={} reason={}"
              " hint=\"its sender gets this error if it asks; see wsrelay "
              "inspect PID\"{}",
              client_pid, log_value(topic.substr(0, max_shown_topic)),
              json_string(reason), suppressed_text(*left_out));
}

} // namespace wsrelay
