// Checks of controls.
#include "actors/relay_settings.hpp"

#include "actors/error.hpp"
#include "protocol/duration.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"
#include "protocol/topic.hpp"

#include <utility>

namespace wsrelay {

namespace {

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
  return control.metadata ? check_metadata(*control.metadata, max_metadata)
                          : caf::none;
}

relay_settings merged(relay_settings settings, const ws_control& control) {
  if (control.message_topic)
    settings.message_topic = *control.message_topic;
  if (control.heartbeat_interval)
    settings.heartbeat_interval = *control.heartbeat_interval;
  if (control.metadata)
    settings.metadata = *control.metadata;
  return settings;
}

} // namespace wsrelay
