// Findings of TLS's two users, as findings of keys.
#include "net/check_files.hpp"

#include "config/check_entry.hpp"
#include "config/file_text.hpp"
#include "net/cluster/tls.hpp"
#include "net/http/service_tls.hpp"
#include "net/http/upstream_tls.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <variant>

namespace wsrelay {

namespace {

const char* key_of(tls_file file) {
  switch (file) {
    case tls_file::certificate:
      return "tls.certificate";
    case tls_file::key:
      return "tls.key";
    case tls_file::ca:
      break;
  }
  return "tls.ca";
}

// What is none is an error already, and might not be read to its end.
bool is_file(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_regular_file(path, none);
}

template <class Entry>
void check(std::string_view kind, const Entry& service, more_findings& out) {
  auto& certificates = service.tls.certificates;
  auto are_files = [](const certificate_files& each) {
    return is_file(each.certificate) && is_file(each.key);
  };
  auto asks = service.tls.client_certificate != client_certificate_policy::off;
  if (!std::all_of(certificates.begin(), certificates.end(), are_files)
      || (asks && !is_file(service.tls.client_ca)))
    return;
  for (auto& found : check_service_tls(service.tls)) {
    auto& issues = found.is_error ? out.errors : out.warnings;
    entry_report{kind, service, issues}.fail(found.key, found.text);
  }
}

void check(const cluster_config& cluster, more_findings& out) {
  auto& tls = cluster.tls;
  if (!is_file(tls.certificate) || !is_file(tls.key) || !is_file(tls.ca))
    return;
  for (auto& found : check_node_tls(cluster.tls)) {
    auto& issues = found.is_error ? out.errors : out.warnings;
    entry_report{cluster_kind, cluster, issues}.fail(key_of(found.file),
                                                     found.text);
  }
}

void check(const endpoint_config& endpoint, more_findings& out) {
  auto* upstream = std::get_if<upstream_handler>(&endpoint.handler);
  if (!upstream || !upstream->tls || upstream->ca.empty()
      || !check_certificate_file(upstream->ca))
    return;
  entry_report{endpoint_kind, endpoint, out.errors}.expect(
      upstream_contexts{}.add(upstream->ca), "ca");
}

} // namespace

more_findings check_files(const relay_config& config) {
  more_findings result;
  for (auto& service : config.services)
    check(service_kind, service, result);
  for (auto& admin : config.admins)
    check(admin_kind, admin, result);
  for (auto& cluster : config.clusters)
    check(cluster, result);
  for (auto& endpoint : config.endpoints)
    check(endpoint, result);
  return result;
}

} // namespace wsrelay
