// Reads a cluster.node.
#include "config/read_entries.hpp"

namespace wsrelay {

cluster_config read_cluster(yaml_map& in) {
  cluster_config out;
  out.listen = in.text("listen").value_or("");
  out.peers = in.texts("peers");
  visit_cluster(out, field_reader{in});
  return out;
}

} // namespace wsrelay
