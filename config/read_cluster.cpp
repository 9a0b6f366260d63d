// Reads a cluster.node.
#include "config/read_entries.hpp"

namespace wsrelay {

namespace {

tls_config read_tls(yaml_map in, const std::string& folder) {
  tls_config out;
  auto path = [&](std::string_view key) {
    auto text = in.text(key).value_or("");
    return text.empty() ? text : resolve_path(folder, text);
  };
  out.certificate = path("certificate");
  out.key = path("key");
  out.ca = path("ca");
  if (!out.enabled())
    in.fail("", "needs certificate, key and ca");
  in.refuse_unknown();
  return out;
}

} // namespace

cluster_config read_cluster(yaml_map& in, const std::string& folder) {
  cluster_config out;
  if (in.has("tls"))
    out.tls = read_tls(in.child("tls"), folder);
  out.listen = in.text("listen").value_or("");
  out.peers = in.texts("peers");
  visit_cluster(out, field_reader{in});
  return out;
}

} // namespace wsrelay
