// The table of the API, and what each of its entries asks the node.
#include "net/admin/api.hpp"

#include "actors/log.hpp"
#include "actors/log_value.hpp"
#include "actors/node_version.hpp"
#include "config/load.hpp"
#include "net/admin/api_answers.hpp"
#include "net/admin/api_request.hpp"
#include "net/admin/inspection.hpp"
#include "net/admin/json_rows.hpp"
#include "net/admin/server_api.hpp"
#include "protocol/path.hpp"
#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace wsrelay {

namespace {

// Files are read, and certificates: on a disk that may be far away.
constexpr milliseconds reload_patience{25'000};

problem to_problem(const command_error& error) {
  switch (error.code) {
    case exit_code::not_found:
      return {404, error.kind, error.text};
    case exit_code::timeout:
      return {504, error.kind, error.text};
    case exit_code::unreachable:
      return {503, error.kind, error.text};
    default:
      return {409, error.kind, error.text};
  }
}

// What a handler of the table gets.
struct call {
  const http_request& request;
  std::string pid; // "" where the path has none
  query_params params;
  node_client node;
  admin_view& view;
  sampler& samples;
  connection_table& table;
  std::atomic<bool>& reloads;
  std::chrono::steady_clock::time_point begin;

  http_response ok() { return json_answer(200, "{\"ok\":true}"); }

  // Before the order is given: it may turn the line off, or end the node.
  // `more` is further " key=value", and nothing that passes through.
  void note(std::string_view order, std::string_view more = {}) const {
    log().info("operator: what={}{}{}{} address={}", order,
               pid.empty() ? "" : " pid=", pid.empty() ? "" : log_value(pid),
               more, log_value(request.remote_address));
  }

  // `asked` says of whom an error speaks.
  template <class Message>
  http_response tell(std::string_view order, Message message,
                     std::string_view more, const std::string& asked) {
    auto whom = node.find(pid);
    note(order, more);
    node.ask<void>(whom, std::move(message), asked);
    return ok();
  }
};

http_response get_node(call& what) {
  what.params.refuse_rest();
  auto age = std::chrono::steady_clock::now() - what.begin;
  return node_answer(what.view, what.samples.last().get(),
                     std::chrono::duration_cast<milliseconds>(age));
}

http_response get_connections(call& what) {
  auto query = connection_query_of(what.params);
  auto listing = what.table.get(what.node, !query.metadata_key.empty());
  return connections_answer(*listing, query);
}

http_response get_connection(call& what) {
  what.params.refuse_rest();
  auto report = inspect_connection(what.node, what.pid);
  return json_answer(200, make_json([&](json_writer& out) {
                       out.StartObject();
                       put_row(out, report);
                       out.EndObject();
                     }));
}

http_response send(call& what) {
  body_members body{what.request.body.view()};
  auto type = body.take_text("type").value_or("text");
  auto data = body.take_text("data");
  auto base64 = body.take_text("data_base64");
  body.refuse_rest();
  if (type != "text" && type != "binary")
    throw problem{400, "request", "type must be text or binary"};
  if (data.has_value() == base64.has_value())
    throw problem{400, "request", "either data or data_base64 is needed"};
  auto bytes = base64 ? from_base64(*base64) : data;
  if (!bytes)
    throw problem{400, "request", "data_base64 is no base64"};
  return what.tell(
      "send",
      ws_send{type == "text" ? message_type::text : message_type::binary,
              shared_buffer{std::move(*bytes)}},
      "", what.pid);
}

http_response close(call& what) {
  body_members body{what.request.body.view()};
  ws_close message;
  message.code =
      static_cast<std::uint16_t>(body.take_number("code", 4999).value_or(1000));
  message.reason = body.take_text("reason").value_or("");
  body.refuse_rest();
  auto code = fmt::format(" code={}", message.code);
  return what.tell("close", std::move(message), code, what.pid);
}

http_response transfer(call& what) {
  body_members body{what.request.body.view()};
  ws_control control;
  control.target_pid = body.take_text("target").value_or("");
  body.refuse_rest();
  if (control.target_pid.empty())
    throw problem{400, "request", "a target is needed"};
  auto target = control.target_pid;
  return what.tell("transfer", std::move(control),
                   " target=" + log_value(target),
                   fmt::format("{} to {}", what.pid, target));
}

http_response get_ended(call& what) {
  auto limit = what.params.take_number("limit", 100, 10'000);
  what.params.refuse_rest();
  auto all = list_ended(what.node);
  all.resize(std::min<std::size_t>(all.size(), limit));
  return list_answer("ended", all, [](json_writer& out, auto& report) {
    put_row(out, report);
  });
}

http_response get_targets(call& what) {
  what.params.refuse_rest();
  auto listing = what.table.get(what.node, false);
  return targets_answer(what.node, *listing, what.view);
}

http_response get_peers(call& what) {
  what.params.refuse_rest();
  return list_answer("peers", what.node.peer_details(),
                     [](json_writer& out, auto& peer) { put_row(out, peer); });
}

http_response get_history(call& what) {
  what.params.refuse_rest();
  return history_answer(what.samples.history());
}

// Secrets are for those who can read the file.
http_response get_config(call& what) {
  what.params.refuse_rest();
  auto config = *what.view.config();
  for (auto& endpoint : config.endpoints)
    if (auto* has = std::get_if<trusted_header_handler>(&endpoint.handler))
      if (!has->secret.empty() && has->secret_file.empty())
        has->secret = "...";
  http_response result;
  result.headers = {{"Content-Type", "text/yaml; charset=utf-8"},
                    {"Cache-Control", "no-store"}};
  result.body = to_yaml(config);
  return result;
}

http_response drain(call& what) {
  body_members{what.request.body.view()}.refuse_rest();
  auto whom = what.node.find("wsrelay.drain");
  what.note("drain");
  what.node.ask<void>(whom, node_drain{}, "the node");
  auto result = what.ok();
  result.status = 202;
  return result;
}

caf::actor commands(call& what) {
  return what.node.find("wsrelay.node");
}

// Ends with the question.
struct one_at_a_time {
  explicit one_at_a_time(std::atomic<bool>& flag) : runs{flag} {
    if (runs.exchange(true))
      throw problem{409, "busy", "a reload is under way"};
  }
  ~one_at_a_time() { runs = false; }

  one_at_a_time(const one_at_a_time&) = delete;
  one_at_a_time& operator=(const one_at_a_time&) = delete;

  std::atomic<bool>& runs;
};

http_response reload(call& what) {
  body_members{what.request.body.view()}.refuse_rest();
  // The threads that ask are few: one of them waits for a disk at most.
  one_at_a_time alone{what.reloads};
  what.node.set_timeout(reload_patience);
  auto whom = commands(what);
  what.note("reload");
  auto report = what.node.ask<node_reload_report>(whom, node_reload{},
                                                  "the configuration");
  return json_answer(200, make_json([&](json_writer& out) {
                       out.StartObject();
                       out.Key("ok");
                       out.Bool(true);
                       put_row(out, report);
                       out.EndObject();
                     }));
}

http_response log_levels(call& what, node_log message) {
  auto rows = what.node.ask<std::vector<log_level_row>>(
      commands(what), std::move(message), "the log");
  return json_answer(200, make_json([&](json_writer& out) {
                       out.StartObject();
                       put_row(out, rows);
                       out.EndObject();
                     }));
}

http_response get_log(call& what) {
  what.params.refuse_rest();
  return log_levels(what, {});
}

http_response set_log(call& what) {
  body_members body{what.request.body.view()};
  node_log message;
  message.level = body.take_text("level").value_or("");
  message.part = body.take_text("part").value_or("");
  body.refuse_rest();
  if (!parse_log_level(message.level))
    throw problem{400, "request",
                  "level must be debug, info, warning, error or off"};
  if (!message.part.empty() && !parse_log_part(message.part))
    throw problem{
        400, "request",
        "part must be node, http, connection, cluster, access or caf"};
  what.note("log",
            fmt::format(" level={}{}{}", message.level,
                        message.part.empty() ? "" : " part=", message.part));
  return log_levels(what, std::move(message));
}

// `path` is behind the prefix; "*" stands for a PID.
struct entry {
  std::string_view method;
  std::string_view path;
  http_response (*handle)(call&);
};

constexpr entry table_of_api[] = {
    {"GET", "node", get_node},
    {"GET", "connections", get_connections},
    {"GET", "connections/*", get_connection},
    {"POST", "connections/*/send", send},
    {"POST", "connections/*/close", close},
    {"POST", "connections/*/transfer", transfer},
    {"GET", "ended", get_ended},
    {"GET", "targets", get_targets},
    {"GET", "peers", get_peers},
    {"GET", "history", get_history},
    {"GET", "config", get_config},
    {"POST", "drain", drain},
    {"POST", "reload", reload},
    {"GET", "log", get_log},
    {"POST", "log", set_log},
};

// The PID that a path names, "" where the entry has none; nothing when it is
// another path.
std::optional<std::string> match(std::string_view pattern,
                                 std::string_view path) {
  auto wanted = split(pattern, '/'), given = split(path, '/');
  if (wanted.size() != given.size())
    return std::nullopt;
  std::string pid;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != "*" && wanted[i] != given[i])
      return std::nullopt;
    if (wanted[i] == "*")
      pid = percent_decode(given[i]).value_or("");
    if (wanted[i] == "*" && pid.empty())
      return std::nullopt;
  }
  return pid;
}

// Of the target as it came: a PID has marks that mean something else.
std::string_view api_path(const http_request& request) {
  std::string_view path = request.target;
  path = path.substr(0, path.find('?'));
  path.remove_prefix(std::min(path.size(), api_prefix.size()));
  return path;
}

} // namespace

std::vector<std::string> why_not_ready(const admin_view& view,
                                       const node_sample* sample) {
  std::vector<std::string> result;
  if (auto state = view.state(); state != node_state::ready)
    result.emplace_back(to_text(state));
  for (auto& admin : view.config()->admins)
    for (auto& name : admin.required_peers) {
      auto is_there =
          sample
          && std::any_of(sample->peers.begin(), sample->peers.end(),
                         [&](auto& peer) { return peer.name == name; });
      if (!is_there)
        result.push_back(fmt::format("peer {} is away", name));
    }
  if (sample && !sample->directory_answers)
    result.emplace_back("the directory does not answer");
  return result;
}

admin_api::admin_api(admin_view& view, sampler& samples)
    : view_{view},
      samples_{samples},
      begin_{std::chrono::steady_clock::now()} {}

http_response admin_api::answer(const http_request& request) noexcept {
  try {
    return find(request);
  } catch (const problem& why) {
    return to_response(why);
  } catch (const command_error& error) {
    return to_response(to_problem(error));
  } catch (const std::exception&) {
    return to_response({500, "failed", "the question could not be answered"});
  }
}

http_response admin_api::find(const http_request& request) {
  if (request.path.starts_with(server_prefix)) {
    node_client node{view_.system(), view_.directory(), patience};
    return answer_server_call(node, request);
  }
  auto path = api_path(request);
  auto method = request.method == "HEAD" ? "GET" : request.method;
  std::string allow;
  for (auto& [wanted, pattern, handle] : table_of_api) {
    auto pid = match(pattern, path);
    if (!pid)
      continue;
    if (method != wanted) {
      allow += allow.empty() ? "" : ", ";
      allow += wanted == "GET" ? "GET, HEAD" : wanted;
      continue;
    }
    call what{request,
              std::move(*pid),
              query_params{request.query},
              node_client{view_.system(), view_.directory(), patience},
              view_,
              samples_,
              table_,
              reloads_,
              begin_};
    if (method == "POST")
      what.params.refuse_rest();
    return handle(what);
  }
  if (allow.empty())
    return to_response({404, "path", "there is nothing here"});
  auto result = to_response({405, "method", "the method is not allowed here"});
  result.headers.emplace_back("Allow", allow);
  return result;
}

} // namespace wsrelay
