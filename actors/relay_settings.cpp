// Checks of controls.
#include "actors/relay_settings.hpp"

#include "actors/error.hpp"
#include "actors/unix_time.hpp"
#include "protocol/duration.hpp"
#include "protocol/group.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"
#include "protocol/relay_command.hpp"
#include "protocol/topic.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace wsrelay {

namespace {

milliseconds random_below(milliseconds limit) {
  static thread_local std::minstd_rand numbers{std::random_device{}()};
  std::uniform_int_distribution<milliseconds::rep> spread{0, limit.count()};
  return milliseconds{spread(numbers)};
}

caf::error check_target(const ws_control& control) {
  if (control.target_pid.empty())
    return caf::none;
  if (control.target)
    return make_error(errc::invalid_message, "a target and a target_pid");
  if (auto target = parse_target(control.target_pid); !target)
    return make_error(errc::no_such_target, target.error().what);
  return caf::none;
}

caf::error check_metadata(const shared_buffer& metadata,
                          std::size_t max_metadata) {
  if (metadata.size() > max_metadata)
    return make_error(errc::message_too_big, "over the limit of metadata");
  if (auto json = check_json_object(metadata.view()); !json)
    return make_error(errc::invalid_json, json.error().what);
  return caf::none;
}

} // namespace

caf::error check(const ws_control& control, std::size_t max_metadata) {
  if (auto error = check_target(control))
    return error;
  if (control.message_topic)
    if (auto topic = check_message_topic(*control.message_topic); !topic)
      return make_error(errc::invalid_topic, topic.error().what);
  if (auto interval = control.heartbeat_interval)
    if (interval->count() < 0 || *interval > max_duration)
      return make_error(errc::invalid_interval, "must be 0 to one year");
  if (auto time = control.expires_at)
    if (time->count() < 0 || *time > max_expires_at)
      return make_error(errc::invalid_expiry, "must be 0 or a Unix time");
  for (auto* names : {&control.join_groups, &control.leave_groups})
    if (auto good = check_groups(*names); !good)
      return make_error(errc::invalid_message, good.error().what);
  return control.metadata ? check_metadata(*control.metadata, max_metadata)
                          : caf::none;
}

time_point point_of(milliseconds unix_time, time_point now,
                    milliseconds jitter) {
  if (unix_time == milliseconds::zero())
    return time_point::max();
  // The year 9999 is beyond what a clock of nanoseconds counts.
  auto left = std::clamp(unix_time - wsrelay::unix_time(), milliseconds::zero(),
                         milliseconds{max_duration} * 100);
  left -= random_below(std::min(jitter, left / 2));
  return now + left;
}

bool sets_end_only(const ws_control& control) noexcept {
  return control.expires_at && !control.target && control.target_pid.empty()
         && !control.message_topic && !control.heartbeat_interval
         && !control.metadata && control.join_groups.empty()
         && control.leave_groups.empty();
}

relay_settings merged(relay_settings settings, const ws_control& control,
                      time_point now, milliseconds jitter) {
  if (control.message_topic)
    settings.message_topic = *control.message_topic;
  if (control.heartbeat_interval)
    settings.heartbeat_interval = *control.heartbeat_interval;
  if (control.metadata)
    settings.metadata = *control.metadata;
  if (control.expires_at)
    settings.expires_at = point_of(*control.expires_at, now, jitter);
  return settings;
}

} // namespace wsrelay
