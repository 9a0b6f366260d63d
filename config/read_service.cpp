// Reads an http.service.
#include "config/listen_address.hpp"
#include "config/read_entries.hpp"

#include <utility>

namespace wsrelay {

namespace {

void read_address(yaml_map& in, service_config& out) {
  auto text = in.text("addr");
  if (!text)
    return;
  auto address = parse_listen_address(*text);
  // Port 0 is in conflict with no other service.
  auto [host, port] = address ? *address : listen_address{};
  out.host = std::move(host);
  out.port = port;
  if (!address)
    in.fail("addr", address.error().what);
}

} // namespace

service_config read_service(yaml_map& in) {
  service_config out;
  in.child("meta").refuse_unknown();
  read_address(in, out);
  visit_service(out, field_reader{in});
  out.trusted_proxies = in.texts("trusted_proxies");
  return out;
}

} // namespace wsrelay
