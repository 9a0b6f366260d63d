// From commands and problems to what the WebSocket's session needs.
#include "net/http/admission.hpp"

#include "net/ws/message_codec.hpp"
#include "protocol/subprotocol.hpp"

#include <fmt/format.h>

#include <utility>

namespace wsrelay {

namespace {

// RFC 6455 section 7.4.2: codes from 4000 on are the application's.
constexpr unsigned first_private_code = 4000;

std::shared_ptr<const relay_options> options_of(const exchange_place& place,
                                                const endpoint_match& match) {
  return {place.owner->config, &match.router->options};
}

void set_terms(const exchange_place& place, const session_terms& terms,
               admission& out) {
  auto& options = *out.options;
  out.config.subprotocol = place.texts.subprotocol.get(terms.subprotocol);
  out.config.expires_at = terms.expires_at;
  out.config.expiry = {out.options, &options.expiry};
  if (!terms.subprotocol.empty())
    out.headers.emplace_back(subprotocol_header, terms.subprotocol);
  if (out.deflate)
    out.headers.emplace_back("Sec-WebSocket-Extensions", out.deflate->response);
}

} // namespace

relay_command to_command(const relay_to& relay) {
  relay_command command;
  command.target_pid = relay.target_name;
  command.message_topic = relay.message_topic;
  if (relay.heartbeat_interval)
    command.heartbeat_interval = *relay.heartbeat_interval;
  if (!relay.metadata.empty())
    command.metadata = relay.metadata.view();
  command.subprotocol = relay.subprotocol;
  if (relay.expires_at && relay.expires_at->count() != 0)
    command.expires_at = *relay.expires_at;
  command.limit_key = relay.limit_key;
  command.limit_max = relay.limit_max;
  command.report_overflow = relay.report_overflow;
  command.state = relay.state;
  command.groups = relay.groups;
  return command;
}

admission make_admission(const exchange_place& place,
                         const endpoint_match& match,
                         const http_request& request,
                         const relay_command& command,
                         const session_terms& terms, http_fields headers,
                         const caf::actor& target) {
  auto& owner = *place.owner;
  auto& options = match.router->options;
  admission result{{},
                   options_of(place, match),
                   match.endpoint->name,
                   std::move(headers),
                   request.remote_address,
                   agree_on_deflate(request.headers, options.deflate)};
  apply(options, result.config);
  result.config.compressed = result.deflate.has_value();
  result.config.flows = {place.owner, &place.owner->flows};
  result.config.overflow = {result.options, &options.overflow};
  result.config.reports_overflow = command.report_overflow;
  if (!command.state.empty())
    result.config.state = shared_buffer{command.state};
  result.config.groups = command.groups;
  if (options.parking.is_on()) {
    result.config.parking = {result.options, &options.parking};
    result.config.lot = owner.lot;
    result.config.target_name = successor_name(command.target_pid);
  }
  result.config.target = target;
  result.config.directory = owner.directory;
  result.config.nodes = owner.nodes;
  auto& topic = command.message_topic;
  result.config.message_topic =
      place.texts.topic.get(topic.empty() ? default_message_topic : topic);
  result.config.heartbeat_interval =
      command.heartbeat_interval.value_or(milliseconds{0});
  result.config.metadata = place.texts.metadata.get(command.metadata);
  set_terms(place, terms, result);
  if (terms.subprotocol.empty()
      && find_field(request.headers, subprotocol_header))
    place.owner->log_no_subprotocol(match.endpoint->name);
  return result;
}

refused_upgrade make_refused_upgrade(const exchange_place& place,
                                     const endpoint_match& match,
                                     const http_request& request,
                                     const problem& why) {
  auto& expiry = match.router->options.expiry;
  refused_upgrade result{
      options_of(place, match), {}, expiry.code, expiry.reason};
  if (why.check != "expiry") {
    result.code = static_cast<std::uint16_t>(first_private_code + why.status);
    result.reason =
        why.retry_after > 0
            ? fmt::format(R"({{"status":{},"check":"{}","retry":{}}})",
                          why.status, why.check, why.retry_after)
            : fmt::format(R"({{"status":{},"check":"{}"}})", why.status,
                          why.check);
  }
  auto subprotocol = subprotocol_of_refusal(*match.endpoint, request.headers);
  if (!subprotocol.empty())
    result.headers.emplace_back(subprotocol_header, std::move(subprotocol));
  return result;
}

} // namespace wsrelay
