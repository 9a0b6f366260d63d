// Checks and handlers, in order.
#include "net/http/exchange.hpp"
#include "net/http/fixed_command.hpp"

#include "actors/backend_session.hpp"
#include "actors/caf_compat.hpp"
#include "actors/error.hpp"
#include "actors/pid_text.hpp"
#include "actors/unix_time.hpp"
#include "config/client_view.hpp"
#include "net/http/admission.hpp"
#include "net/http/answer_fields.hpp"
#include "net/http/bearer_token.hpp"
#include "net/http/held_places.hpp"
#include "net/http/problem_response.hpp"
#include "net/http/request_checks.hpp"
#include "net/http/trusted_header.hpp"
#include "net/loop/guard.hpp"
#include "protocol/pid.hpp"
#include "protocol/subprotocol.hpp"

#include <caf/sec.hpp>

#include <chrono>

namespace wsrelay {

namespace {

// For a target's name to become a handle.
constexpr milliseconds lookup_patience{30'000};

bool is_success(std::uint16_t status) {
  return status >= 200 && status < 300;
}

class exchange : public std::enable_shared_from_this<exchange> {
public:
  exchange(exchange_place place, endpoint_match match,
           incoming_request incoming, http_host::on_result done)
      : place_{std::move(place)},
        match_{std::move(match)},
        request_{std::move(incoming.request)},
        peer_{std::move(incoming.peer)},
        done_{std::move(done)},
        held_{place_.owner},
        trace_{incoming.trace},
        begun_{place_.home.now()} {
    request_.params = match_.params;
    counts().requests.add();
  }

  void run() {
    auto keep = shared_from_this();
    if (auto bad = check_before_handler())
      return refuse(std::move(*bad));
    std::visit([this](auto& handler) { ask(handler); },
               match_.endpoint->handler);
  }

  // The answer is not wanted any more.
  void cancel() {
    done_ = nullptr;
    call_.reset();
    awaited_.reset();
    held_ = held_places{place_.owner};
    nobody_comes("client");
  }

  milliseconds patience() const {
    auto& handler = match_.endpoint->handler;
    if (auto* func = std::get_if<func_handler>(&handler))
      return func->timeout + lookup_patience;
    if (auto* upstream = std::get_if<upstream_handler>(&handler))
      return upstream->connect_timeout + upstream->response_timeout
             + lookup_patience;
    return lookup_patience;
  }

private:
  relay_counts& counts() const {
    return *place_.ledger.of(match_.endpoint->name);
  }

  // -- checks that need no handler -------------------------------------------

  std::optional<problem> check_before_handler() {
    auto verdict = check_request(*place_.owner, match_, request_);
    request_.websocket = verdict.websocket;
    may_accept_ = verdict.may_accept;
    culprit_ = std::move(verdict.culprit);
    own_ = std::move(verdict.own);
    auto now = place_.home.now();
    if (auto bad =
            place_.owner->addresses->request(request_.remote_address, now))
      return bad;
    if (verdict.refusal)
      return verdict.refusal;
    return held_.begin(*match_.endpoint, request_, peer_, now);
  }

  // -- the kinds of handler --------------------------------------------------

  void ask(const func_handler& handler) {
    std::erase_if(request_.headers, [](auto& field) {
      return begins_variable(field.first, relay_header);
    });
    expect_connection();
    place_.acceptor.ask(handler.name, request_, handler.timeout,
                        [me = shared_from_this()](auto response) {
                          me->on_handler(std::move(response));
                        });
  }

  // The handler may send to it before it has answered.
  void expect_connection() {
    if (request_.websocket) {
      awaited_ = place_.acceptor.expect();
      request_.client_pid = awaited_->pid();
    }
  }

  void ask(const upstream_handler& handler) {
    expect_connection();
    call_ = place_.upstreams.ask(
        {place_.owner->config, &handler}, request_,
        forwarded_fields(request_.headers, peer_.address, scheme_of(peer_),
                         find_field(request_.headers, "Host").value_or(""),
                         place_.owner->is_trusted),
        [me = shared_from_this()](upstream_result result) {
          me->on_upstream(std::move(result));
        });
  }

  void ask(const relay_handler& handler) {
    auto command = fill_in(handler, request_, match_.params);
    auto target = expand_target(command.target_pid, match_.params);
    if (!target) {
      culprit_ = expand_params(command.target_pid, match_.params);
      return refuse({404, "target", target.error().what});
    }
    command.target_pid = std::move(*target);
    on_command(check_relay_command(std::move(command), limits()), 400);
  }

  // Its target is an actor of its own.
  void ask(const backend_handler& handler) {
    auto& token = handler.token;
    if (!token.empty() && !shows_token(request_.headers, token))
      return refuse({401, "token", "the token is needed"});
    announced_ =
        relay_to{spawn_backend_session(place_.owner->directory), {}, {}, {}};
    on_command(relay_command{}, 500); // 426 where no WebSocket is asked for
  }

  void ask(const trusted_header_handler& handler) {
    auto read =
        read_trusted_header(*place_.owner, handler, request_, peer_.address,
                            unix_time() / std::chrono::seconds{1});
    if (auto* bad = std::get_if<problem>(&read))
      refuse(std::move(*bad));
    else
      on_command(parse_relay_command(std::get<std::string>(read), limits()),
                 400);
  }

  // -- the answer -------------------------------------------------------------

  // What a hostile answer makes this throw ends this request alone.
  template <class Function>
  void guard(Function what) {
    guarded("handler's answer", what, [this] {
      refuse({500, "handler", "the handler's answer cannot be used"});
    });
  }

  void on_handler(caf::expected<http_response> response) {
    counts().handlers.add(place_.home.now() - begun_);
    guard([&] {
      if (!response)
        return on_handler_error(response.error());
      if (response->relay)
        announced_ = *response->relay;
      if (!done_)
        return nobody_comes("client");
      on_response(to_answer(std::move(*response)), 500);
    });
  }

  void on_upstream(upstream_result result) {
    counts().upstreams.add(place_.home.now() - begun_);
    guard([&] {
      if (auto* bad = std::get_if<problem>(&result))
        refuse(std::move(*bad));
      else
        on_response(std::get<http_answer>(std::move(result)), 502);
    });
  }

  void on_handler_error(const caf::error& error) {
    auto& name = std::get<func_handler>(match_.endpoint->handler).name;
    complain("handler failed", name + ": " + to_text(error));
    refuse(handler_problem(error));
  }

  // `blame` is the status of an invalid command from this kind of handler.
  void on_response(http_answer answer, unsigned blame) {
    auto& response = answer.response;
    if (size_of_fields(response.headers) > max_answer_fields) {
      complain("handler's answer has too large fields");
      return refuse({blame, "handler", "the handler's answer is too large"});
    }
    auto header = find_field(response.headers, relay_header);
    std::string command{header.value_or("")};
    auto twice = count_fields(response.headers, relay_header) > 1;
    answered_ = joined_values(response.headers, subprotocol_header);
    if (erase_relay_fields(response.headers) > 0)
      complain("handler's answer has fields that would split it, left out");
    if (!header && !announced_)
      return pass(std::move(answer), blame);
    if (!may_relay(response.status)) {
      nobody_comes("status");
      return pass(std::move(answer), blame);
    }
    if (twice)
      return refuse({blame, "command", "the relay header stands twice"});
    headers_ = std::move(response.headers);
    erase_body_fields(headers_);
    if (announced_)
      on_command(check_relay_command(to_command(*announced_), limits(), true),
                 blame);
    else
      on_command(parse_relay_command(command, limits()), blame);
  }

  void complain(std::string_view what, std::string_view reason = {}) const {
    place_.owner->log_fault(what, match_.endpoint->name, reason);
  }

  bool may_relay(std::uint16_t status) const {
    if (!match_.router->relays)
      complain("relay command dropped, its router has no websocket_relay");
    return match_.router->relays && is_success(status);
  }

  void pass(http_answer answer, unsigned blame) {
    auto status = answer.response.status;
    if (status < 200 || status > 599)
      return refuse({blame, "handler", "the handler's status is not final"});
    answer.response.relay = {};
    if (may_accept_ && status >= 400)
      return finish(make_refused_upgrade(place_, match_, request_,
                                         {status, "handler", {}}));
    finish(std::move(answer));
  }

  // -- the checks of a command ------------------------------------------------

  relay_command_limits limits() const {
    return {match_.router->options.max_metadata_size};
  }

  void on_command(result<relay_command> command, unsigned blame) {
    if (!request_.websocket)
      return refuse({426, "upgrade",
                     "the answer is a WebSocket, and the request asks for "
                     "none"});
    if (!command) {
      complain("relay command is invalid", command.error().what);
      return refuse({blame, "command",
                     "the relay command is invalid: " + command.error().what});
    }
    command_ = std::move(*command);
    auto terms = agree_on_terms(command_, answered_, *match_.endpoint,
                                match_.router->options.expiry, request_.headers,
                                blame, unix_time());
    if (auto* bad = std::get_if<problem>(&terms))
      return on_bad_terms(std::move(*bad), blame);
    terms_ = std::get<session_terms>(std::move(terms));
    if (announced_ && announced_->target)
      return on_target(announced_->target);
    place_.acceptor.find(
        command_.target_pid, [me = shared_from_this()](auto target) {
          me->guard([&] { target ? me->on_target(*target) : me->no_target(); });
        });
  }

  void on_bad_terms(problem why, unsigned blame) {
    if (why.status == blame)
      complain("relay command cannot be followed", why.detail);
    refuse(std::move(why));
  }

  void no_target() {
    culprit_ = command_.target_pid;
    if (announced_ && announced_->target)
      culprit_ = pid_text(announced_->target.id(), announced_->target.node());
    refuse({503, "target", "the target is not available"});
  }

  void on_target(const caf::actor& target) {
    auto& owner = *place_.owner;
    if (!is_alive(target) || (owner.nodes && !takes_more(*owner.nodes, target)))
      return no_target();
    if (owner.stopping)
      return refuse({503, "shutdown", "the server stops"});
    if (!done_)
      return;
    if (auto bad = held_.take_key(command_, match_.router->options.limit_key))
      return refuse(std::move(*bad));
    auto admitted = make_admission(place_, match_, request_, command_, terms_,
                                   std::move(headers_), target);
    admitted.config.counts = place_.ledger.of(match_.endpoint->name);
    admitted.config.trace = trace_;
    admitted.config.awaited = std::move(awaited_);
    admitted.config.took =
        std::chrono::duration_cast<milliseconds>(place_.home.now() - begun_);
    announced_.reset(); // its connection is on its way
    if (held_.has_any())
      admitted.hold = std::make_unique<held_places>(std::move(held_));
    finish(std::move(admitted));
  }

  // -- the end ----------------------------------------------------------------

  void refuse(problem why) {
    nobody_comes(why.check);
    if (!done_)
      return;
    place_.owner->log_refusal(why, {.address = request_.remote_address,
                                    .endpoint = match_.endpoint->name,
                                    .culprit = culprit_,
                                    .own = own_,
                                    .trace = &trace_});
    if (may_accept_)
      return finish(make_refused_upgrade(place_, match_, request_, why));
    finish(to_answer(to_response(why)));
  }

  // A target that was named, and to which no connection comes.
  void nobody_comes(std::string_view reason) {
    if (auto command = std::exchange(announced_, std::nullopt))
      guarded("refused target",
              [&] { place_.acceptor.refuse(*command, std::string{reason}); });
  }

  // What it held of limits goes with it, or is free.
  void finish(exchange_result result) {
    held_ = held_places{place_.owner};
    awaited_.reset();
    if (auto done = std::exchange(done_, nullptr))
      done(std::move(result));
  }

  exchange_place place_;
  endpoint_match match_;
  http_request request_;
  client_peer peer_;
  http_host::on_result done_; // null once it was called, or is not wanted
  std::shared_ptr<upstream_call> call_;
  std::shared_ptr<awaited_connection> awaited_; // where it asks for one
  http_fields headers_;
  relay_command command_;
  session_terms terms_;
  std::string answered_;    // subprotocol that the handler's answer names
  bool may_accept_ = false; // a refusal is a close frame
  std::optional<relay_to> announced_; // by the handler, not yet settled
  std::string culprit_; // the origin or target that is refused, for the log
  std::string own_;     // origin of the relay, where another one is refused
  held_places held_;
  const trace_context trace_;
  const time_point begun_;
};

class exchange_task final : public http_task {
public:
  explicit exchange_task(std::shared_ptr<exchange> what)
      : exchange_{std::move(what)} {}
  ~exchange_task() override { exchange_->cancel(); }

  milliseconds patience() const override { return exchange_->patience(); }

private:
  std::shared_ptr<exchange> exchange_;
};

} // namespace

std::unique_ptr<http_task> start_exchange(exchange_place place,
                                          endpoint_match match,
                                          incoming_request incoming,
                                          http_host::on_result done) {
  auto made = std::make_shared<exchange>(std::move(place), std::move(match),
                                         std::move(incoming), std::move(done));
  auto task = std::make_unique<exchange_task>(made);
  made->run();
  return task;
}

} // namespace wsrelay
