// Addresses, files of unix sockets, and TLS.
#include "config/read_listen.hpp"

#include "config/read_entries.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace wsrelay {

namespace {

// One that cannot be read is in conflict with no other service, and wants no
// token of an admin.service: its own error is enough.
service_address read_address(yaml_map& in, const std::string& key,
                             const std::string& text) {
  auto address = parse_service_address(text);
  if (!address && !in.has_failed(key))
    in.fail(key, address.error().what);
  return address ? std::move(*address)
                 : service_address{{"localhost", 0}, {}, {}};
}

void read_addresses(yaml_map& in, std::vector<service_address>& out) {
  if (!in.has("addr"))
    return;
  out.clear();
  auto is_list = in.is_list("addr");
  auto texts = in.text_or_texts("addr");
  for (std::size_t i = 0; i < texts.size(); ++i)
    out.push_back(read_address(
        in, is_list ? fmt::format("addr[{}]", i) : "addr", texts[i]));
}

// As chmod(1) writes it, and YAML 1.1 an octal number.
void read_socket_mode(yaml_map& in, unsigned& out) {
  auto text = in.text("socket_mode");
  if (!text)
    return;
  unsigned mode = 0;
  auto* end = text->data() + text->size();
  auto [rest, error] = std::from_chars(text->data(), end, mode, 8);
  if (error == std::errc{} && rest == end && text->size() <= 4)
    out = mode;
  else
    in.fail("socket_mode", "must be an octal number such as \"0660\"");
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
  out.client_ca = read_path(in, "client_ca", folder);
  in.refuse_unknown();
  return out;
}

} // namespace

listen_keys read_listen_keys(yaml_map& in, listen_keys out,
                             const std::string& folder) {
  read_addresses(in, out.addresses);
  read_socket_mode(in, out.socket_mode);
  out.socket_owner = in.text("socket_owner").value_or("");
  if (in.has("tls"))
    out.tls = read_service_tls(in.child("tls"), folder);
  return out;
}

} // namespace wsrelay
