// A handler's request and response.
#include "tools/wsrelay/call.hpp"

#include "actors/node_messages.hpp"
#include "actors/pid_text.hpp"
#include "actors/refusal.hpp"
#include "net/admin/json_output.hpp"
#include "protocol/json.hpp"
#include "protocol/relay_command.hpp"
#include "tools/wsrelay/text.hpp"

#include <fmt/format.h>

#include <vector>

namespace wsrelay::cli {

namespace {

// What a request has that came to a node from its own machine.
http_request make_request(const options& opts) {
  http_request request;
  request.method = opts.method;
  request.target = opts.path;
  auto mark = opts.path.find('?');
  request.path = opts.path.substr(0, mark);
  if (mark != std::string::npos)
    request.query = opts.path.substr(mark + 1);
  request.headers = opts.headers;
  request.params = opts.params;
  request.body = opts.text;
  request.remote_address = opts.address;
  request.scheme = opts.scheme;
  request.host = find_field(opts.headers, "Host").value_or("localhost");
  request.websocket = opts.websocket;
  return request;
}

// The command as it would stand in the header, "" when there is none.
std::string relay_text(const http_response& response) {
  if (!response.relay)
    return std::string{find_field(response.headers, relay_header).value_or("")};
  relay_command command;
  auto& target = response.relay->target;
  command.target_pid = target ? pid_text(target.id(), target.node()) : "";
  command.message_topic = response.relay->message_topic;
  if (response.relay->heartbeat_interval)
    command.heartbeat_interval = *response.relay->heartbeat_interval;
  if (check_json_object(response.relay->metadata.view()))
    command.metadata = response.relay->metadata.view();
  return to_json(command);
}

// A target that was made for the request would wait for ever. What the node
// answers to a later question says that it has the message: the program may
// end.
void refuse(node_client& node, const relay_to& command) {
  tell_refused(command, "client");
  try {
    node.ask_directory<std::vector<peer_entry>>(node.node(), peer_list{},
                                                "the node");
  } catch (const command_error&) {
    // The handler's answer is there, and that is what was asked for.
  }
}

} // namespace

std::string to_lines(const http_response& response) {
  auto out = fmt::format("{}\n", response.status);
  for (auto& [name, value] : response.headers)
    if (!same_field(name, relay_header))
      out += fmt::format("{}: {}\n", printable(name), printable(value));
  if (auto relay = relay_text(response); !relay.empty())
    out += fmt::format("{}: {}\n", relay_header, printable(relay));
  if (response.body.empty())
    return out;
  out += "\n" + printable(response.body.view(), lines::kept);
  return out.ends_with('\n') ? out : out + "\n";
}

std::string to_json(const http_response& response) {
  return make_json([&](json_writer& out) {
           out.StartObject();
           put(out, "status", std::uint64_t{response.status});
           out.Key("headers");
           out.StartArray();
           for (auto& [name, value] : response.headers) {
             out.StartObject();
             put(out, "name", name);
             put(out, "value", value);
             out.EndObject();
           }
           out.EndArray();
           if (auto relay = relay_text(response); !relay.empty())
             put_json(out, "relay", relay);
           put_bytes(out, "body", response.body.view());
           out.EndObject();
         })
         + "\n";
}

std::string call(node_client& node, const options& opts) {
  auto response = node.ask<http_response>(node.find(opts.subject),
                                          make_request(opts), opts.subject);
  if (response.relay)
    refuse(node, *response.relay);
  return opts.json ? to_json(response) : to_lines(response);
}

} // namespace wsrelay::cli
