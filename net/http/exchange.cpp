// Handlers and checks, in order.
#include "net/http/exchange.hpp"

#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/log.hpp"
#include "net/http/problem_response.hpp"
#include "net/http/trusted_header.hpp"
#include "net/http/upstream.hpp"
#include "protocol/json.hpp"
#include "protocol/upgrade.hpp"

#include <caf/sec.hpp>

#include <chrono>

namespace wsrelay {

namespace {

std::int64_t unix_time() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

// The values of parameters as they stand inside of a JSON string.
path_params escaped(path_params params) {
  for (auto& [name, value] : params) {
    auto quoted = json_string(value);
    value = quoted.substr(1, quoted.size() - 2);
  }
  return params;
}

problem to_problem(const caf::error& error) {
  if (error == caf::sec::request_timeout)
    return {504, "handler", "the handler did not answer in time"};
  if (is(error, errc::no_such_target) || is(error, errc::no_such_peer))
    return {503, "handler", "the handler is not available"};
  return {500, "handler", "the handler failed"};
}

// Fields of a handler's answer that only the relay itself may set.
void erase_relay_fields(http_fields& fields) {
  erase_hop_by_hop(fields);
  for (auto name :
       {relay_header, signature_header, std::string_view{"Content-Length"}})
    erase_field(fields, name);
  std::erase_if(fields, [](auto& field) {
    return !is_safe_field(field.first, field.second);
  });
}

class exchange : public std::enable_shared_from_this<exchange> {
public:
  exchange(exchange_place place, endpoint_match match, http_request request,
           std::function<void(exchange_result)> done)
      : place_{std::move(place)},
        match_{std::move(match)},
        request_{std::move(request)},
        done_{std::move(done)} {
    request_.params = match_.params;
  }

  void run() {
    std::visit([this](auto& handler) { ask(handler); },
               match_.endpoint->handler);
  }

private:
  // -- the four kinds of handler ----------------------------------------------

  void ask(const func_handler& handler) {
    erase_field(request_.headers, relay_header);
    erase_field(request_.headers, signature_header);
    place_.gate.ask(handler.name, request_, handler.timeout,
                    [me = shared_from_this()](auto response) {
                      if (response)
                        me->on_response(std::move(*response), 500);
                      else
                        me->on_handler_error(response.error());
                    });
  }

  void ask(const upstream_handler& handler) {
    ask_upstream(place_.home, handler, request_,
                 [me = shared_from_this()](upstream_result result) {
                   if (auto* bad = std::get_if<problem>(&result))
                     me->refuse(std::move(*bad));
                   else
                     me->on_response(std::get<http_response>(std::move(result)),
                                     502);
                 });
  }

  void ask(const relay_handler& handler) {
    auto command = handler.command;
    command.target_pid = expand_params(command.target_pid, match_.params);
    command.metadata = expand_params(command.metadata, escaped(match_.params));
    on_command(check_relay_command(std::move(command), limits()), 400);
  }

  void ask(const trusted_header_handler& handler) {
    auto read =
        read_trusted_header(*place_.owner, handler, request_, unix_time());
    if (auto* bad = std::get_if<problem>(&read))
      refuse(std::move(*bad));
    else
      on_command(parse_relay_command(std::get<std::string>(read), limits()),
                 400);
  }

  // -- the answer -------------------------------------------------------------

  void on_handler_error(const caf::error& error) {
    log().warn("handler failed: endpoint={} reason={}", match_.endpoint->name,
               to_text(error));
    refuse(to_problem(error));
  }

  // `blame` is the status of an invalid command from this kind of handler.
  void on_response(http_response response, unsigned blame) {
    auto header = find_field(response.headers, relay_header);
    std::string command{header.value_or("")};
    if (count_fields(response.headers, relay_header) > 1)
      return refuse({blame, "command", "the relay header stands twice"});
    auto relayed = header.has_value() || static_cast<bool>(response.relay);
    erase_relay_fields(response.headers);
    if (!relayed)
      return pass(std::move(response));
    if (!match_.router->relays) {
      log().warn("relay command dropped, its router has no websocket_relay: "
                 "endpoint={}",
                 match_.endpoint->name);
      return pass(std::move(response));
    }
    headers_ = std::move(response.headers);
    erase_field(headers_, "Content-Type");
    if (response.relay)
      on_relay_to(*response.relay, blame);
    else
      on_command(parse_relay_command(command, limits()), blame);
  }

  void pass(http_response response) {
    if (response.status < 200 || response.status > 599)
      return refuse({502, "handler", "the handler's status is not final"});
    finish(std::move(response));
  }

  void on_relay_to(const relay_to& relay, unsigned blame) {
    relay_command command;
    command.message_topic = relay.message_topic;
    if (relay.heartbeat_interval)
      command.heartbeat_interval = *relay.heartbeat_interval;
    if (!relay.metadata.empty())
      command.metadata = relay.metadata.view();
    target_ = relay.target;
    on_command(check_relay_command(std::move(command), limits(), true), blame);
  }

  // -- the checks -------------------------------------------------------------

  relay_command_limits limits() const {
    return {match_.router->options.max_metadata_size};
  }

  void on_command(result<relay_command> command, unsigned blame) {
    if (auto bad = check_upgrade(request_.method, request_.headers))
      return refuse(std::move(*bad));
    if (!command) {
      log().warn("relay command is invalid: endpoint={} reason={}",
                 match_.endpoint->name, command.error().what);
      return refuse({blame, "command",
                     "the relay command is invalid: " + command.error().what});
    }
    command_ = std::move(*command);
    if (target_)
      return on_target(target_);
    place_.gate.find(command_.target_pid,
                     [me = shared_from_this()](auto target) {
                       target ? me->on_target(*target) : me->no_target();
                     });
  }

  void no_target() { refuse({503, "target", "the target is not available"}); }

  void on_target(const caf::actor& target) {
    if (!is_alive(target))
      return no_target();
    if (count_fields(request_.headers, "Origin") > 1)
      return refuse({403, "origin", "the request has two origins"});
    auto host = find_field(request_.headers, "Host").value_or("");
    auto allowed = check_origin(match_.router->options.origins,
                                find_field(request_.headers, "Origin"),
                                self_origin("http", host));
    if (!allowed)
      return refuse({403, "origin", allowed.error().what});
    finish(admit(target));
  }

  admission admit(const caf::actor& target) {
    auto& options = match_.router->options;
    admission result{{}, &options, match_.endpoint->name, std::move(headers_)};
    apply(options, result.config);
    result.config.target = target;
    result.config.directory = place_.owner->directory;
    result.config.is_reachable = place_.owner->is_reachable;
    if (!command_.message_topic.empty())
      result.config.message_topic = command_.message_topic;
    result.config.heartbeat_interval =
        command_.heartbeat_interval.value_or(milliseconds{0});
    result.config.metadata = command_.metadata;
    return result;
  }

  void refuse(problem why) {
    auto response = to_response(why);
    if (why.status == 426) // RFC 9110 section 15.5.22, RFC 6455 section 4.4
      response.headers.insert(response.headers.end(),
                              {{"Upgrade", "websocket"},
                               {"Connection", "upgrade"},
                               {"Sec-WebSocket-Version", "13"}});
    finish(std::move(response));
  }

  void finish(exchange_result result) {
    if (auto done = std::exchange(done_, nullptr))
      done(std::move(result));
  }

  exchange_place place_;
  endpoint_match match_;
  http_request request_;
  std::function<void(exchange_result)> done_;
  http_fields headers_;
  relay_command command_;
  caf::actor target_;
};

} // namespace

void run_exchange(exchange_place place, endpoint_match match,
                  http_request request,
                  std::function<void(exchange_result)> done) {
  std::make_shared<exchange>(std::move(place), std::move(match),
                             std::move(request), std::move(done))
      ->run();
}

} // namespace wsrelay
