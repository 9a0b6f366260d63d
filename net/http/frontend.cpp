// From a request to whom it concerns.
#include "net/http/frontend.hpp"

#include "actors/log.hpp"
#include "config/client_view.hpp"
#include "net/http/access_log.hpp"
#include "net/http/file_source.hpp"
#include "net/http/problem_response.hpp"
#include "net/http/request_trace.hpp"
#include "net/http/service_host.hpp"

#include <utility>

namespace wsrelay {

namespace {

class file_task final : public http_task {
public:
  file_task(std::shared_ptr<static_files::call> what,
            std::shared_ptr<const service> keep)
      : what_{std::move(what)}, keep_{std::move(keep)} {}

  milliseconds patience() const override { return file_patience; }

private:
  std::shared_ptr<static_files::call> what_;
  std::shared_ptr<const service> keep_; // which the match refers to
};

class frontend final : public service_host,
                       public std::enable_shared_from_this<frontend> {
public:
  frontend(std::shared_ptr<service> owner, loop& home, acceptor_state& acceptor)
      : service_host{std::move(owner)},
        home_{home},
        acceptor_{acceptor},
        door_{home.door()},
        upstreams_{home, this->owner()->names, this->owner()->contexts},
        ledger_{this->owner()->ledger} {}

  std::unique_ptr<http_task> serve(http_request request,
                                   const client_peer& peer,
                                   on_result done) override {
    see(request, peer);
    if (settings().redirect_to_https && request.scheme != "https") {
      redirect({std::move(request), peer}, logged(request, {}, done));
      return nullptr;
    }
    auto found = owner()->routes.find(request.method, request.path);
    access_endpoint where;
    if (auto* route = std::get_if<endpoint_match>(&found))
      where = {route->endpoint->name, take_trace(request)};
    done = logged(request, where, std::move(done));
    incoming_request incoming{std::move(request), peer,
                              where.trace.value_or(trace_context{})};
    return std::visit(
        [&](auto& route) {
          return serve(route, std::move(incoming), std::move(done));
        },
        found);
  }

  void upgrade(std::unique_ptr<byte_stream> stream, std::string_view key,
               admission admitted) override {
    start_ws_session(home_, std::move(stream), key, std::move(admitted),
                     acceptor_, deflates_);
  }

  void refuse(std::unique_ptr<byte_stream> stream, std::string_view key,
              const refused_upgrade& refused) override {
    refuse_ws_session(home_, std::move(stream), key, refused);
  }

private:
  // The client as trusted proxies tell; what others say of one is dropped.
  void see(http_request& request, const client_peer& peer) const {
    auto host = find_field(request.headers, "Host").value_or("");
    auto client = see_client(request.headers, peer.address, scheme_of(peer),
                             host, owner()->is_trusted);
    request.remote_address = std::move(client.address);
    request.scheme = std::move(client.scheme);
    request.host = std::move(client.host);
    if (peer.certificate)
      request.certificate = *peer.certificate;
    if (!owner()->is_trusted(peer.address))
      erase_forwarded_fields(request.headers);
  }

  std::unique_ptr<http_task> serve(endpoint_match& route,
                                   incoming_request incoming, on_result done) {
    return start_exchange({owner(), acceptor_, upstreams_, texts_, home_,
                           ledger_, shared_from_this()},
                          std::move(route), std::move(incoming),
                          std::move(done));
  }

  // With its line in the access log, where that is wanted.
  on_result logged(const http_request& request, access_endpoint endpoint,
                   on_result done) const {
    if (!log(log_part::access).is_wanted(spdlog::level::info))
      return done;
    return
        [line = access_line{request, std::move(endpoint)}, begin = home_.now(),
         done = std::move(done), &home = home_](exchange_result result) {
          line.write(result, home.now() - begin);
          done(std::move(result));
        };
  }

  std::unique_ptr<http_task> serve(static_match& route,
                                   incoming_request incoming, on_result done) {
    auto call =
        owner()->files.get(door_, route, incoming.request,
                           [done = std::move(done)](http_answer answer) {
                             done(std::move(answer));
                           });
    return std::make_unique<file_task>(std::move(call), owner());
  }

  std::unique_ptr<http_task> serve(no_match&, incoming_request incoming,
                                   on_result done) {
    refuse(incoming, {404, "path", "there is nothing here"}, {}, done);
    return nullptr;
  }

  std::unique_ptr<http_task> serve(method_mismatch& route,
                                   incoming_request incoming, on_result done) {
    refuse(incoming, {405, "method", "the method is not allowed here"},
           {{"Allow", route.allow}}, done);
    return nullptr;
  }

  std::unique_ptr<http_task> serve(options_match& route, incoming_request,
                                   on_result done) {
    http_response response;
    response.status = 204;
    response.headers = {{"Allow", route.allow}};
    done(to_answer(std::move(response)));
    return nullptr;
  }

  // 308 keeps the method (RFC 9110 section 15.4.9).
  void redirect(const incoming_request& incoming, const on_result& done) const {
    auto& request = incoming.request;
    auto host = host_of(request.host);
    if (host.empty() || !request.target.starts_with('/'))
      return refuse(incoming,
                    {400, "request", "https is needed, and no host is named"},
                    {}, done);
    auto port = owner()->https_port.load();
    auto authority = std::string{host};
    if (port != 443)
      authority += ":" + std::to_string(port);
    http_response response;
    response.status = 308;
    response.headers = {{"Location", "https://" + authority + request.target}};
    done(to_answer(std::move(response)));
  }

  void refuse(const incoming_request& incoming, const problem& why,
              const http_fields& more, const on_result& done) const {
    auto& request = incoming.request;
    owner()->log_refusal(why, {.address = request.remote_address,
                               .method = request.method,
                               .path = request.path});
    auto response = to_response(why);
    response.headers.insert(response.headers.end(), more.begin(), more.end());
    done(to_answer(std::move(response)));
  }

  loop& home_;
  acceptor_state& acceptor_;
  std::shared_ptr<loop_door> door_;
  upstream_client upstreams_;
  command_texts texts_;
  loop_ledger ledger_;
  std::shared_ptr<deflate_pool> deflates_ =
      std::make_shared<deflate_pool>(home_);
};

} // namespace

std::shared_ptr<http_host> make_frontend(std::shared_ptr<service> owner,
                                         loop& home, acceptor_state& acceptor) {
  return std::make_shared<frontend>(std::move(owner), home, acceptor);
}

} // namespace wsrelay
