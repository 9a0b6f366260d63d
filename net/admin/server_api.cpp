// Requests become messages to connections and actors.
#include "net/admin/server_api.hpp"

#include "net/admin/api_answers.hpp"
#include "net/admin/api_request.hpp"
#include "net/admin/inspection.hpp"
#include "net/admin/json_rows.hpp"
#include "net/http/content_type.hpp"
#include "protocol/duration.hpp"
#include "protocol/group.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/path.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"
#include "protocol/utf8.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wsrelay {

namespace {

constexpr std::string_view connections = "connections";
constexpr std::string_view control = "control";
constexpr std::string_view names = "names";
constexpr std::string_view groups = "groups";

// A handler may ask others.
constexpr milliseconds handler_patience{10'000};

struct server_call {
  node_client& node;
  const http_request& request;
  query_params params;
  std::string subject;  // PID, name or group
  std::string member{}; // PID, of a group
};

http_response empty_answer(std::uint16_t status) {
  http_response result;
  result.status = status;
  result.headers = {{"Cache-Control", "no-store"}};
  return result;
}

struct status_of_kind {
  std::string_view kind;
  unsigned status;
};

// Of what connections refuse, by the name of the error.
constexpr status_of_kind refusals[] = {{"closing", 410},
                                       {"connection_lost", 410},
                                       {"ended", 410},
                                       {"message_too_big", 413},
                                       {"dropped", 429},
                                       {"slow_consumer", 429},
                                       {"invalid_utf8", 422},
                                       {"invalid_topic", 422},
                                       {"reserved_topic", 422},
                                       {"invalid_json", 422},
                                       {"invalid_close", 422},
                                       {"invalid_interval", 422},
                                       {"invalid_message", 422},
                                       {"invalid_expiry", 422},
                                       {"no_such_target", 422},
                                       {"target_down", 422},
                                       {"target_refused", 422},
                                       {"target_silent", 422},
                                       {"unexpected_message", 422}};

problem to_server_problem(const command_error& error) {
  auto found =
      std::find_if(std::begin(refusals), std::end(refusals),
                   [&](auto& each) { return each.kind == error.kind; });
  if (found != std::end(refusals))
    return {found->status, error.kind, error.text};
  if (error.code == exit_code::timeout)
    return {504, error.kind, error.text};
  if (error.code == exit_code::unreachable || error.kind == "no_such_peer")
    return {503, error.kind, error.text};
  return {409, error.kind, error.text};
}

// 410 tells one that was there from one that never was.
[[noreturn]] void fail_missing(server_call& call, const command_error& error) {
  if (error.kind != "no_such_target")
    throw to_server_problem(error);
  try {
    auto gone = inspect_connection(call.node, call.subject);
    throw problem{410, "ended", "the connection has ended: " + gone.cause};
  } catch (const command_error&) {
    throw problem{404, "pid", "there is no such connection"};
  }
}

caf::actor find_connection(server_call& call) {
  try {
    return call.node.find(call.subject);
  } catch (const command_error& error) {
    fail_missing(call, error);
  }
}

template <class Message>
void tell(server_call& call, Message message) {
  auto whom = find_connection(call);
  try {
    call.node.ask<void>(whom, std::move(message), call.subject);
  } catch (const command_error& error) {
    throw to_server_problem(error);
  }
}

ws_send message_of(const http_request& request) {
  auto type = is_text_type(media_type_of(request.headers))
                  ? message_type::text
                  : message_type::binary;
  if (type == message_type::text && !is_valid_utf8(request.body.view()))
    throw problem{422, "invalid_utf8", "the text is not UTF-8"};
  return {type, request.body};
}

http_response send(server_call& call) {
  auto waits = call.params.take_number("wait", 1, 1) == 1;
  call.params.refuse_rest();
  auto message = message_of(call.request);
  if (waits) {
    tell(call, std::move(message));
    return empty_answer(200);
  }
  caf::anon_send(find_connection(call), std::move(message));
  return empty_answer(202);
}

http_response show(server_call& call) {
  call.params.refuse_rest();
  connection_report report;
  try {
    report = inspect_connection(call.node, call.subject);
  } catch (const command_error& error) {
    fail_missing(call, error);
  }
  return json_answer(report.cause.empty() ? 200 : 410,
                     make_json([&](json_writer& out) {
                       out.StartObject();
                       put_row(out, report);
                       out.EndObject();
                     }));
}

ws_close close_of(server_call& call) {
  ws_close message;
  message.code =
      static_cast<std::uint16_t>(call.params.take_number("code", 1000, 4999));
  message.reason = call.params.take("reason").value_or("");
  return message;
}

http_response close(server_call& call) {
  auto message = close_of(call);
  call.params.refuse_rest();
  tell(call, std::move(message));
  return empty_answer(204);
}

http_response change(server_call& call) {
  call.params.refuse_rest();
  body_members body{call.request.body.view()};
  ws_control message;
  message.target_pid = body.take_text("target").value_or("");
  if (auto topic = body.take_text("topic"))
    message.message_topic = *topic;
  if (auto text = body.take_text("heartbeat")) {
    auto interval = *text == "off" ? result<milliseconds>{milliseconds{0}}
                                   : parse_duration(*text);
    if (!interval)
      throw problem{422, "invalid_interval",
                    "heartbeat: " + interval.error().what};
    message.heartbeat_interval = *interval;
  }
  if (auto metadata = body.take_json("metadata"))
    message.metadata = shared_buffer{std::move(*metadata)};
  body.refuse_rest();
  tell(call, std::move(message));
  return empty_answer(204);
}

// -- groups -------------------------------------------------------------------

template <class Result, class Message>
auto ask_groups(server_call& call, Message message) {
  try {
    return call.node.ask<Result>(call.node.directory(), std::move(message),
                                 call.subject);
  } catch (const command_error& error) {
    throw to_server_problem(error);
  }
}

std::string take_except(server_call& call) {
  auto result = normal_pid(call.params.take("except").value_or(""));
  call.params.refuse_rest();
  return result;
}

http_response send_to_group(server_call& call) {
  auto except = take_except(call);
  ask_groups<void>(call, group_send{call.subject, message_of(call.request),
                                    std::move(except)});
  return empty_answer(202);
}

// A caller has some seconds, and each other node as many.
http_response count_group(server_call& call) {
  call.params.refuse_rest();
  call.node.set_timeout(handler_patience);
  auto found = ask_groups<group_count>(call, group_count_get{call.subject});
  return json_answer(200, make_json([&](json_writer& out) {
                       out.StartObject();
                       put(out, "group", call.subject);
                       put(out, "members", found.members);
                       put(out, "nodes", std::uint64_t{found.nodes});
                       out.Key("complete");
                       out.Bool(found.is_complete);
                       out.EndObject();
                     }));
}

http_response close_group(server_call& call) {
  auto message = close_of(call);
  auto except = take_except(call);
  ask_groups<void>(
      call, group_close{call.subject, std::move(message), std::move(except)});
  return empty_answer(202);
}

http_response change_member(server_call& call, bool joins) {
  call.params.refuse_rest();
  ws_control message;
  (joins ? message.join_groups : message.leave_groups) = {call.subject};
  call.subject = call.member; // whom it is said
  tell(call, std::move(message));
  return empty_answer(204);
}

http_response add_member(server_call& call) {
  return change_member(call, true);
}

http_response remove_member(server_call& call) {
  return change_member(call, false);
}

// The token is for this listener alone.
http_response pass(server_call& call) {
  auto request = call.request;
  erase_hop_by_hop(request.headers);
  erase_field(request.headers, "Authorization");
  call.node.set_timeout(handler_patience);
  try {
    auto answer = call.node.ask<http_response>(
        call.node.find(call.subject), std::move(request), call.subject);
    erase_hop_by_hop(answer.headers);
    erase_field(answer.headers, "Content-Length");
    answer.relay = caf::none;
    return answer;
  } catch (const command_error& error) {
    if (error.kind == "no_such_target")
      throw problem{404, "name", "there is no such name"};
    if (error.kind == "unexpected_message")
      throw problem{422, error.kind, "that actor answers no requests"};
    throw to_server_problem(error);
  }
}

struct route {
  std::string_view method;
  http_response (*handle)(server_call&);
};

constexpr route of_connection[] = {
    {"POST", send}, {"GET", show}, {"HEAD", show}, {"DELETE", close}};
constexpr route of_control[] = {{"POST", change}};
constexpr route of_name[] = {{"POST", pass}};
constexpr route of_group[] = {{"POST", send_to_group},
                              {"GET", count_group},
                              {"HEAD", count_group},
                              {"DELETE", close_group}};
constexpr route of_member[] = {{"PUT", add_member}, {"DELETE", remove_member}};

template <std::size_t N>
http_response choose(const route (&table)[N], server_call& call) {
  std::string allow;
  for (auto& [method, handle] : table) {
    if (method == call.request.method)
      return handle(call);
    allow += (allow.empty() ? "" : ", ") + std::string{method};
  }
  auto result = to_response({405, "method", "the method is not allowed here"});
  result.headers.emplace_back("Allow", allow);
  return result;
}

// As it came: a name may have marks that mean something else.
std::vector<std::string> segments_of(const http_request& request) {
  std::string_view path = request.target;
  path = path.substr(0, path.find('?'));
  path.remove_prefix(std::min(path.size(), server_prefix.size()));
  std::vector<std::string> result;
  for (auto part : split(path, '/'))
    result.push_back(percent_decode(part).value_or(""));
  return result;
}

http_response answer_group_call(server_call& call,
                                const std::vector<std::string>& path) {
  if (auto good = check_group(call.subject); !good)
    throw problem{422, "group", good.error().what};
  if (path.size() == 2)
    return choose(of_group, call);
  if (path.size() != 3 || path[2].empty())
    throw problem{404, "path", "there is nothing here"};
  call.member = normal_pid(path[2]);
  return choose(of_member, call);
}

} // namespace

http_response answer_server_call(node_client& node,
                                 const http_request& request) {
  auto path = segments_of(request);
  if (path.size() < 2 || path[1].empty())
    throw problem{404, "path", "there is nothing here"};
  auto is_pid = path[0] == connections;
  server_call call{node, request,
                   query_params{path[0] == names ? "" : request.query},
                   is_pid ? normal_pid(path[1]) : path[1]};
  if (is_pid && path.size() == 2)
    return choose(of_connection, call);
  if (is_pid && path.size() == 3 && path[2] == control)
    return choose(of_control, call);
  if (path[0] == names && path.size() == 2)
    return choose(of_name, call);
  if (path[0] == groups)
    return answer_group_call(call, path);
  throw problem{404, "path", "there is nothing here"};
}

} // namespace wsrelay
