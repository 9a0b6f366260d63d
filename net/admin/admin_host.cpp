// The paths of an admin listener, and who may ask for them.
#include "net/admin/admin_parts.hpp"
#include "net/admin/metrics.hpp"
#include "net/admin/server_api.hpp"
#include "net/admin/traffic_feed.hpp"

#include "config/client_view.hpp"
#include "config/ip_address.hpp"
#include "net/http/bearer_token.hpp"
#include "net/http/content_type.hpp"
#include "net/http/problem_response.hpp"
#include "net/http/service_host.hpp"
#include "net/http/static_files.hpp"
#include "protocol/path.hpp"
#include "protocol/text.hpp"

#include <caf/all.hpp>

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace wsrelay {

namespace {

constexpr std::string_view events_path = "/events";
constexpr std::string_view events_end = "/events";
constexpr std::string_view connections_prefix = "/api/v1/connections/";

// Longer than any question takes.
constexpr milliseconds question_patience{30'000};

// The page has no script and no style but its own, and is nobody's frame.
constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
    "data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

http_response text_answer(std::uint16_t status, std::string text,
                          std::string_view type = "text/plain; charset=utf-8") {
  http_response result;
  result.status = status;
  result.headers = {{"Content-Type", std::string{type}},
                    {"Cache-Control", "no-store"}};
  result.body = shared_buffer{std::move(text)};
  return result;
}

bool is_read(const http_request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// A page of somebody else whose name leads here for a moment (DNS rebinding)
// cannot choose what stands in Host: it would be its own name.
bool is_literal_host(std::string_view authority) {
  auto name = to_lower(host_of(authority));
  if (name.size() > 2 && name.front() == '[' && name.back() == ']')
    name = name.substr(1, name.size() - 2);
  return name == "localhost" || parse_ip_address(name).has_value();
}

// A question on its way. Only the loop's side holds it.
class question {
public:
  explicit question(http_host::on_result done) : done_{std::move(done)} {}

  void finish(http_response response) {
    if (auto done = std::exchange(done_, nullptr))
      done(to_answer(std::move(response)));
  }

private:
  http_host::on_result done_;
};

// The session destroys its task; what is asked holds it weakly.
class question_task final : public http_task {
public:
  explicit question_task(std::shared_ptr<question> what)
      : what_{std::move(what)} {}

  milliseconds patience() const override { return question_patience; }

private:
  std::shared_ptr<question> what_;
};

class admin_host final : public service_host {
public:
  admin_host(std::shared_ptr<admin_parts> shared,
             std::shared_ptr<service> owner, loop& home)
      : service_host{std::move(owner)},
        shared_{std::move(shared)},
        home_{home},
        door_{home.door()} {
    page_.path = "/";
    page_.root = "builtin:admin";
  }

  std::unique_ptr<http_task> serve(http_request request,
                                   const client_peer& peer,
                                   on_result done) override {
    if (auto bad = check(request, peer)) {
      owner()->log_refusal(*bad, {.address = peer.address,
                                  .method = request.method,
                                  .path = request.path});
      auto response = to_response(*bad);
      if (bad->status == 401)
        response.headers.emplace_back("WWW-Authenticate", "Bearer");
      done(to_answer(std::move(response)));
      return nullptr;
    }
    request.remote_address = peer.address;
    return route(std::move(request), std::move(done));
  }

  // Nothing here becomes a WebSocket.
  void upgrade(std::unique_ptr<byte_stream>, std::string_view,
               admission) override {}
  void refuse(std::unique_ptr<byte_stream>, std::string_view,
              const refused_upgrade&) override {}

private:
  // -- who may ask ------------------------------------------------------------

  std::optional<problem> check(const http_request& request,
                               const client_peer& peer) const {
    auto host = find_field(request.headers, "Host").value_or("");
    if (token().empty() && peer.address != unix_peer && !is_literal_host(host))
      return problem{403, "host",
                     "without a token only addresses and localhost are names "
                     "of this listener"};
    if (needs_token(request) && !has_token(request))
      return problem{401, "token",
                     find_field(request.headers, "Authorization")
                         ? "this is not the token"
                         : "the token is needed"};
    return is_read(request) ? std::nullopt : check_change(request, host);
  }

  // The page is the same for everybody, and knows nothing.
  static bool is_open(const http_request& request) {
    auto& path = request.path;
    return path == "/healthz" || path == "/readyz"
           || !(path.starts_with("/api") || path.starts_with(server_prefix)
                || path == events_path || path == "/metrics");
  }

  bool needs_token(const http_request& request) const {
    return !token().empty() && !is_open(request);
  }

  bool has_token(const http_request& request) const {
    return shows_token(request.headers, token());
  }

  std::string token() const { return shared_->settings()->token; }

  // A form of another site can send neither this type nor this origin, which
  // browsers tell with whatever they post.
  static std::optional<problem> check_change(const http_request& request,
                                             std::string_view host) {
    if (request.method == "POST" && request.path.starts_with(api_prefix)
        && media_type_of(request.headers) != "application/json")
      return problem{415, "type", "the body must be application/json"};
    auto origin = find_field(request.headers, "Origin");
    if (origin && *origin != fmt::format("http://{}", host)
        && *origin != fmt::format("https://{}", host))
      return problem{403, "origin", "another site may not ask for this"};
    return std::nullopt;
  }

  // -- what is asked for ------------------------------------------------------

  std::unique_ptr<http_task> route(http_request request, on_result done) {
    auto& path = request.path;
    if (path.starts_with(server_prefix)
        || (path.starts_with(api_prefix) && !is_feed(path)))
      return ask(std::move(request), std::move(done));
    if (path.starts_with("/api"))
      return is_feed(path) ? watch(request, done)
                           : say({404, "path", "there is nothing here"}, done);
    if (!is_read(request))
      return say(only_get(), done);
    if (path == "/healthz")
      return say(text_answer(200, "ok\n"), done);
    if (path == "/readyz")
      return say(readiness(request), done);
    if (path == "/metrics") // questions that wait keep no scrape waiting
      return say(text_answer(
                     200,
                     make_metrics(shared_->view, shared_->samples.last().get()),
                     metrics_content_type),
                 done);
    if (path == events_path)
      return listen(done);
    return show_page(request, std::move(done));
  }

  static bool is_feed(const std::string& path) {
    return path.size() > connections_prefix.size() + events_end.size()
           && path.starts_with(connections_prefix)
           && path.ends_with(events_end);
  }

  static std::unique_ptr<http_task> say(http_response response,
                                        const on_result& done) {
    done(to_answer(std::move(response)));
    return nullptr;
  }

  static http_response only_get() {
    auto result = to_response({405, "method", "only GET is allowed here"});
    result.headers.emplace_back("Allow", "GET, HEAD");
    return result;
  }

  static std::unique_ptr<http_task> say(const problem& why,
                                        const on_result& done) {
    return say(to_response(why), done);
  }

  // Why is for those who may ask for everything.
  http_response readiness(const http_request& request) const {
    auto last = shared_->samples.last();
    auto reasons = why_not_ready(shared_->view, last.get());
    if (!last)
      reasons.emplace_back("starting");
    auto may_know = token().empty() || has_token(request);
    if (reasons.empty())
      return text_answer(200, "ready\n");
    return text_answer(503, may_know
                                ? fmt::format("{}\n", fmt::join(reasons, "\n"))
                                : "not ready\n");
  }

  // On a thread that may wait. What nobody wants any more is not begun.
  std::unique_ptr<http_task> ask(http_request request, on_result done) {
    auto open = std::make_shared<question>(std::move(done));
    auto& pool = request.path.starts_with(server_prefix) ? shared_->calls
                                                         : shared_->questions;
    auto id = pool.try_run([weak = std::weak_ptr{open},
                            parts = std::weak_ptr{shared_}, door = door_,
                            request = std::move(request)](bool runs) {
      auto shared = parts.lock();
      if (weak.expired() || !shared)
        return;
      auto response = runs ? shared->api.answer(request)
                           : to_response({503, "stopping", "the node stops"});
      door->post([weak, response = std::move(response)]() mutable {
        if (auto wanted = weak.lock())
          wanted->finish(std::move(response));
      });
    });
    if (id == 0)
      open->finish(to_response({503, "busy", "too many ask at a time"}));
    return std::make_unique<question_task>(std::move(open));
  }

  // -- events -----------------------------------------------------------------

  static http_response event_stream() {
    return text_answer(200, {}, "text/event-stream");
  }

  std::unique_ptr<http_task> listen(const on_result& done) {
    auto source = event_source::make(home_, door_);
    if (!shared_->hub->add(source->queue()))
      return say({503, "busy", "too many listen"}, done);
    shared_->streams.add(source->queue());
    source->at_end(
        [hub = shared_->hub, queue = source->queue()] { hub->remove(queue); });
    source->queue()->push("state", fmt::format(R"({{"state":"{}"}})",
                                               to_text(shared_->view.state())));
    done(http_answer{event_stream(), std::move(source), std::nullopt});
    return nullptr;
  }

  // The PID becomes an actor by the node's directory, which may ask others.
  std::unique_ptr<http_task> watch(const http_request& request,
                                   const on_result& done) {
    if (!is_read(request))
      return say(only_get(), done);
    std::string_view target = request.target;
    target = target.substr(0, target.find('?'));
    target.remove_prefix(std::min(target.size(), connections_prefix.size()));
    target.remove_suffix(std::min(target.size(), events_end.size()));
    auto pid = percent_decode(target).value_or("");
    auto with_payload = request.query == "payload=true";
    auto source = event_source::make(home_, door_);
    auto& system = shared_->view.system();
    shared_->streams.add(source->queue());
    auto feed = spawn_traffic_feed(system, shared_->view.directory(), pid,
                                   source->queue(), with_payload);
    source->at_end(
        [feed] { caf::anon_send_exit(feed, caf::exit_reason::user_shutdown); });
    done(http_answer{event_stream(), std::move(source), std::nullopt});
    return nullptr;
  }

  // -- the page ---------------------------------------------------------------

  std::unique_ptr<http_task> show_page(const http_request& request,
                                       on_result done) {
    auto file = request.path.substr(1);
    auto ready = owner()->files.get( // in memory: there is no waiting
        door_, static_match{&page_, std::move(file)}, request,
        [done = std::move(done)](http_answer answer) {
          auto& headers = answer.response.headers;
          headers.emplace_back("Content-Security-Policy", page_policy);
          headers.emplace_back("Referrer-Policy", "no-referrer");
          done(std::move(answer));
        });
    return nullptr;
  }

  std::shared_ptr<admin_parts> shared_;
  loop& home_;
  std::shared_ptr<loop_door> door_;
  static_config page_;
};

} // namespace

std::shared_ptr<http_host> make_admin_host(std::shared_ptr<admin_parts> shared,
                                           std::shared_ptr<service> owner,
                                           loop& home) {
  return std::make_shared<admin_host>(std::move(shared), std::move(owner),
                                      home);
}

} // namespace wsrelay
