// Statuses, fields and bodies.
#include "net/hook/hook_answer.hpp"

#include "net/http/content_type.hpp"
#include "protocol/cloud_event.hpp"
#include "protocol/group.hpp"
#include "protocol/pid.hpp"
#include "protocol/relay_command.hpp"
#include "protocol/text.hpp"
#include "protocol/utf8.hpp"
#include "protocol/websocket_events.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wsrelay {

namespace {

constexpr std::string_view state_header = "ce-state";
constexpr std::string_view target_header = "wsrelay-target";
constexpr std::string_view join_header = "wsrelay-join-groups";
constexpr std::string_view leave_header = "wsrelay-leave-groups";

constexpr std::chrono::seconds longest_pause{60};

checked read_events(std::string_view body, hook_orders& out) {
  using kind = websocket_event::kind;
  auto events = parse_websocket_events(body, max_answer_messages);
  if (!events)
    return events.error();
  for (auto& each : *events) {
    if (each.what == kind::text || each.what == kind::binary)
      out.messages.push_back(
          {each.what == kind::text ? message_type::text : message_type::binary,
           shared_buffer{std::string{each.content}}});
    else if (each.what == kind::close)
      out.close = ws_close{each.code == 0 ? std::uint16_t{1000} : each.code,
                           std::string{each.reason}};
    else if (each.what == kind::disconnect)
      out.close = ws_close{1011, "the server behind it ended it"};
  }
  return passed();
}

checked read_body(const http_response& response, hook_orders& out) {
  if (response.body.empty())
    return passed();
  auto type = media_type_of(response.headers);
  if (type == websocket_events_type)
    return read_events(response.body.view(), out);
  if (is_text_type(type) && !is_valid_utf8(response.body.view()))
    return failure{"the text of its response is not UTF-8"};
  out.messages.push_back(
      {is_text_type(type) ? message_type::text : message_type::binary,
       response.body});
  return passed();
}

checked read_groups(const http_response& response, std::string_view field,
                    std::vector<std::string>& out) {
  auto value = find_field(response.headers, field);
  if (!value)
    return passed();
  auto names = parse_groups(*value);
  if (!names)
    return failure{fmt::format("its {}: {}", field, names.error().what)};
  out = std::move(*names);
  return passed();
}

checked read_fields(const http_response& response, hook_orders& out) {
  if (auto state = find_field(response.headers, state_header)) {
    out.state = decode_ce_value(*state);
    if (out.state->size() > max_relay_state)
      return failure{
          fmt::format("its ce-state has more than {} bytes", max_relay_state)};
    if (!is_valid_utf8(*out.state))
      return failure{"its ce-state is not UTF-8"};
  }
  if (auto target = find_field(response.headers, target_header)) {
    if (auto good = check_relay_target(*target); !good)
      return failure{"its wsrelay-target " + good.error().what};
    out.target = *target;
  }
  if (auto good = read_groups(response, join_header, out.join_groups); !good)
    return good;
  return read_groups(response, leave_header, out.leave_groups);
}

bool is_success(unsigned status) {
  return status >= 200 && status < 300;
}

} // namespace

result<hook_orders> read_orders(const http_response& response, hook_kind kind) {
  hook_orders result;
  if (kind == hook_kind::disconnected)
    return result;
  if (auto good = read_fields(response, result); !good)
    return good.error();
  if (response.status != 202 && response.status != 204)
    if (auto good = read_body(response, result); !good)
      return good.error();
  return result;
}

hook_verdict judge(const hook_result& what, bool may_repeat) noexcept {
  if (!what.response)
    return !what.was_sent || may_repeat ? hook_verdict::again
                                        : hook_verdict::failed;
  auto status = what.response->status;
  if (is_success(status))
    return hook_verdict::done;
  if (status == 410)
    return hook_verdict::gone;
  if ((status == 429 || status == 503) && retry_after_of(*what.response))
    return hook_verdict::wait;
  return status >= 500 && may_repeat ? hook_verdict::again
                                     : hook_verdict::failed;
}

std::optional<std::chrono::seconds> retry_after_of(const http_response& from) {
  auto value = find_field(from.headers, "Retry-After");
  auto seconds = value ? parse_decimal(trim(*value)) : std::nullopt;
  if (!seconds)
    return std::nullopt;
  return std::chrono::seconds{std::min<std::uint64_t>(
      *seconds, static_cast<std::uint64_t>(longest_pause.count()))};
}

bool is_broken(const hook_result& what) noexcept {
  return !what.response
         || (what.response->status >= 500
             && judge(what, false) != hook_verdict::wait);
}

bool is_silent(const hook_result& what) noexcept {
  if (!what.response)
    return true;
  auto status = what.response->status;
  return status == 502 || status == 503 || status == 504;
}

std::string reason_of(const hook_result& what) {
  return what.response ? fmt::format("status {}", what.response->status)
                       : what.why;
}

} // namespace wsrelay
