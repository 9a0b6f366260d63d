// Conversions of HTTP messages.
#include "net/http_convert.hpp"

namespace wsrelay {

namespace {

namespace http = boost::beast::http;

std::string text(boost::beast::string_view view) {
  return {view.data(), view.size()};
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
  auto question = result.target.find('?');
  result.path = result.target.substr(0, question);
  if (question != std::string::npos)
    result.query = result.target.substr(question + 1);
  result.headers = to_fields(request);
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
