// Conversions of HTTP messages.
#include "net/http/convert.hpp"

#include <algorithm>

namespace wsrelay {

namespace {

namespace http = boost::beast::http;

std::string text(boost::beast::string_view view) {
  return {view.data(), view.size()};
}

// Turns a target in absolute form into one in origin form and returns its
// authority, which goes before the Host field (RFC 9112 section 3.2.2).
std::string take_authority(std::string& target) {
  auto scheme = target.find("://");
  if (target.empty() || target[0] == '/' || scheme == std::string::npos
      || scheme > 5)
    return {};
  auto start = scheme + 3;
  auto end = std::min(target.find_first_of("/?", start), target.size());
  auto authority = target.substr(start, end - start);
  target.erase(0, end);
  if (target.empty() || target[0] != '/')
    target.insert(0, "/");
  return authority;
}

void split_target(http_request& request) {
  auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos)
    request.query = request.target.substr(question + 1);
}

} // namespace

http_fields to_fields(const http::fields& fields) {
  http_fields result;
  for (auto& field : fields)
    result.emplace_back(text(field.name_string()), text(field.value()));
  return result;
}

http_request to_request(const beast_request& request,
                        std::string remote_address) {
  http_request result;
  result.method = text(request.method_string());
  result.target = text(request.target());
  result.headers = to_fields(request);
  if (auto authority = take_authority(result.target); !authority.empty()) {
    erase_field(result.headers, "Host");
    result.headers.emplace_back("Host", authority);
  }
  split_target(result);
  result.body = shared_buffer{request.body()};
  result.remote_address = std::move(remote_address);
  return result;
}

beast_request to_beast(const http_request& request, const http_fields& fields) {
  beast_request result;
  result.version(11);
  result.method_string(request.method);
  result.target(request.target);
  for (auto& [name, value] : fields)
    result.insert(name, value);
  result.body() = request.body.view();
  if (!result.body().empty())
    result.prepare_payload();
  return result;
}

http_response to_response(const beast_response& response) {
  http_response result;
  result.status = static_cast<std::uint16_t>(response.result_int());
  result.headers = to_fields(response);
  erase_hop_by_hop(result.headers);
  erase_field(result.headers, "Content-Length");
  result.body = shared_buffer{response.body()};
  return result;
}

} // namespace wsrelay
