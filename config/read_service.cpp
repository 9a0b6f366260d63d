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

std::string read_path(yaml_map& in, std::string_view key,
                      const std::string& folder) {
  auto text = in.text(key).value_or("");
  return text.empty() ? text : resolve_path(folder, text);
}

certificate_files read_certificate(yaml_map& in, const std::string& folder) {
  return {read_path(in, "certificate", folder), read_path(in, "key", folder)};
}

service_tls_config read_service_tls(yaml_map in, const std::string& folder) {
  service_tls_config out;
  auto has_certificate = in.has("certificate");
  auto has_one = in.has("key") || has_certificate; // both keys are known
  out.are_listed = in.has("certificates");
  for (auto& each : in.children("certificates")) {
    out.certificates.push_back(read_certificate(each, folder));
    each.refuse_unknown();
  }
  if (has_one && out.are_listed)
    in.fail("certificates", "cannot stand beside certificate and key");
  else if (out.are_listed && out.certificates.empty())
    in.fail("certificates", "must hold one or more");
  else if (!out.are_listed)
    out.certificates.push_back(read_certificate(in, folder));
  visit_tls(out, field_reader{in});
  in.refuse_unknown();
  return out;
}

} // namespace

service_config read_service(yaml_map& in, const std::string& folder) {
  service_config out;
  in.child("meta").refuse_unknown();
  read_address(in, out);
  visit_service(out, field_reader{in});
  out.trusted_proxies = in.texts("trusted_proxies");
  if (in.has("tls"))
    out.tls = read_service_tls(in.child("tls"), folder);
  return out;
}

} // namespace wsrelay
