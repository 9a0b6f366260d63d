// The request line and the fields.
#include "net/http/upstream_request.hpp"

#include "protocol/json.hpp"
#include "protocol/path.hpp"
#include "protocol/pid.hpp"
#include "protocol/relay_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace wsrelay {

namespace {

// "Proxy" would be HTTP_PROXY, a setting, to a program behind CGI.
constexpr std::array<std::string_view, 8> replaced{
    "Host",    "Content-Length", "Expect", "Forwarded",
    "Trailer", "X-Real-IP",      "Via",    "Proxy"};
constexpr std::string_view forwarded_prefix = "X-Forwarded-";

// The client's word about these is worth nothing. `relay_header` begins the
// names of all of the relay's own.
bool stays_behind(std::string_view name) {
  return begins_variable(name, forwarded_prefix)
         || begins_variable(name, relay_header)
         || std::any_of(replaced.begin(), replaced.end(),
                        [name](std::string_view other) {
                          return same_variable(name, other);
                        });
}

bool is_printable(std::string_view target) {
  return std::all_of(target.begin(), target.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7F';
  });
}

std::optional<problem> check(const http_request& request,
                             std::string_view target) {
  if (request.method == "CONNECT")
    return problem{501, "method", "an upstream is not asked to connect"};
  if (!is_safe_field(request.method, ""))
    return problem{400, "method", "the method is no token"};
  if (!request.target.starts_with('/') || !is_printable(target))
    return problem{400, "path", "the target has no path"};
  if (has_dot_segments(target.substr(0, target.find('?'))))
    return problem{400, "path", "the path cannot be forwarded"};
  return std::nullopt;
}

std::string authority(const upstream_handler& upstream) {
  auto is_ipv6 = upstream.host.find(':') != std::string::npos;
  auto host = is_ipv6 ? fmt::format("[{}]", upstream.host) : upstream.host;
  return upstream.port == (upstream.tls ? 443 : 80)
             ? host
             : fmt::format("{}:{}", host, upstream.port);
}

// RFC 9110 section 8.6: methods that have a body say so when it is empty.
bool needs_length(const http_request& request) {
  return !request.body.empty() || request.method == "POST"
         || request.method == "PUT" || request.method == "PATCH"
         || find_field(request.headers, "Content-Length");
}

// {"subject":"CN=ann","names":["DNS:a.example"]}
std::string to_json(const client_certificate& certificate) {
  std::string names;
  for (auto& name : certificate.names)
    names.append(names.empty() ? "" : ",").append(json_string(name));
  return fmt::format(R"({{"subject":{},"names":[{}]}})",
                     json_string(certificate.subject), names);
}

// The proxies that a request has come through, this one last.
std::string via(const http_fields& fields) {
  std::string out;
  for (auto& [name, value] : fields)
    if (same_field(name, "Via") && !value.empty() && is_safe_field(name, value))
      out.append(value).append(", ");
  return out += "1.1 wsrelay";
}

void append(std::string& out, std::string_view name, std::string_view value) {
  if (is_safe_field(name, value))
    out.append(name).append(": ").append(value).append("\r\n");
}

std::string to_head(const upstream_handler& upstream,
                    const http_request& request, std::string_view target,
                    const http_fields& forwarded) {
  auto fields = request.headers;
  erase_hop_by_hop(fields);
  auto out = fmt::format("{} {} HTTP/1.1\r\n", request.method, target);
  append(out, "Host", authority(upstream));
  for (auto& [name, value] : fields)
    if (!stays_behind(name))
      append(out, name, value);
  for (auto& [name, value] : forwarded)
    append(out, name, value);
  append(out, "Via", via(request.headers)); // RFC 9110 section 7.6.3
  if (request.websocket)
    append(out, upgrade_header, "websocket");
  if (!request.client_pid.empty())
    append(out, connection_header, url_pid(request.client_pid));
  if (!request.certificate.empty())
    append(out, certificate_header, to_json(request.certificate));
  if (needs_length(request))
    append(out, "Content-Length", std::to_string(request.body.size()));
  if (upstream.max_idle_connections == 0)
    append(out, "Connection", "close");
  return out += "\r\n";
}

} // namespace

std::variant<std::string, problem>
to_upstream_head(const upstream_handler& upstream, const http_request& request,
                 const http_fields& forwarded) {
  auto target = upstream.path + request.target;
  if (auto bad = check(request, target))
    return *bad;
  return to_head(upstream, request, target, forwarded);
}

bool is_idempotent(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 6> known{"GET",   "HEAD", "OPTIONS",
                                                  "TRACE", "PUT",  "DELETE"};
  return std::find(known.begin(), known.end(), method) != known.end();
}

} // namespace wsrelay
