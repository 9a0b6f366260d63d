// From a request to whom it concerns.
#include "net/http/dispatcher.hpp"

#include "actors/log.hpp"
#include "config/client_view.hpp"
#include "net/http/file_source.hpp"
#include "net/http/problem_response.hpp"
#include "net/http/request_trace.hpp"

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

} // namespace

dispatcher::dispatcher(std::shared_ptr<service> owner, dispatch_place place)
    : service_host{std::move(owner)},
      place_{std::move(place)},
      ledger_{this->owner()->ledger} {}

std::unique_ptr<http_task> dispatcher::serve(http_request request,
                                             const client_peer& peer,
                                             on_result done) {
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
        return pass(route, std::move(incoming), std::move(done));
      },
      found);
}

// The client as trusted proxies tell; what others say of one is dropped.
void dispatcher::see(http_request& request, const client_peer& peer) const {
  auto host = find_field(request.headers, "Host").value_or("");
  auto client = see_client(request.headers, peer.address, scheme_of(peer), host,
                           owner()->is_trusted);
  request.remote_address = std::move(client.address);
  request.scheme = std::move(client.scheme);
  request.host = std::move(client.host);
  if (peer.certificate)
    request.certificate = *peer.certificate;
  if (!owner()->is_trusted(peer.address))
    erase_forwarded_fields(request.headers);
}

std::unique_ptr<http_task> dispatcher::pass(endpoint_match& route,
                                            incoming_request incoming,
                                            on_result done) {
  return start_exchange({owner(), place_.acceptor, *place_.upstreams, texts_,
                         place_.home, ledger_, shared_from_this()},
                        std::move(route), std::move(incoming), std::move(done));
}

// With its line in the access log, where that is wanted.
dispatcher::on_result dispatcher::logged(const http_request& request,
                                         access_endpoint endpoint,
                                         on_result done) const {
  if (!log(log_part::access).is_wanted(spdlog::level::info))
    return done;
  return [line = access_line{request, std::move(endpoint)},
          begin = place_.home.now(), done = std::move(done),
          &home = place_.home](exchange_result result) {
    line.write(result, home.now() - begin);
    done(std::move(result));
  };
}

std::unique_ptr<http_task> dispatcher::pass(static_match& route,
                                            incoming_request incoming,
                                            on_result done) {
  if (!place_.door) {
    refuse_request(incoming, {501, "files", "no files are served here"}, {},
                   done);
    return nullptr;
  }
  auto call = owner()->files.get(place_.door, route, incoming.request,
                                 [done = std::move(done)](http_answer answer) {
                                   done(std::move(answer));
                                 });
  return std::make_unique<file_task>(std::move(call), owner());
}

std::unique_ptr<http_task>
dispatcher::pass(no_match&, incoming_request incoming, on_result done) {
  refuse_request(incoming, {404, "path", "there is nothing here"}, {}, done);
  return nullptr;
}

std::unique_ptr<http_task> dispatcher::pass(method_mismatch& route,
                                            incoming_request incoming,
                                            on_result done) {
  refuse_request(incoming, {405, "method", "the method is not allowed here"},
                 {{"Allow", route.allow}}, done);
  return nullptr;
}

std::unique_ptr<http_task> dispatcher::pass(options_match& route,
                                            incoming_request, on_result done) {
  http_response response;
  response.status = 204;
  response.headers = {{"Allow", route.allow}};
  done(to_answer(std::move(response)));
  return nullptr;
}

// 308 keeps the method (RFC 9110 section 15.4.9).
void dispatcher::redirect(const incoming_request& incoming,
                          const on_result& done) const {
  auto& request = incoming.request;
  auto host = host_of(request.host);
  if (host.empty() || !request.target.starts_with('/'))
    return refuse_request(
        incoming, {400, "request", "https is needed, and no host is named"}, {},
        done);
  auto port = owner()->https_port.load();
  auto authority = std::string{host};
  if (port != 443)
    authority += ":" + std::to_string(port);
  http_response response;
  response.status = 308;
  response.headers = {{"Location", "https://" + authority + request.target}};
  done(to_answer(std::move(response)));
}

void dispatcher::refuse_request(const incoming_request& incoming,
                                const problem& why, const http_fields& more,
                                const on_result& done) const {
  auto& request = incoming.request;
  owner()->log_refusal(why, {.address = request.remote_address,
                             .method = request.method,
                             .path = request.path});
  auto response = to_response(why);
  response.headers.insert(response.headers.end(), more.begin(), more.end());
  done(to_answer(std::move(response)));
}

} // namespace wsrelay
