// Reads an admin.service.
#include "config/read_entries.hpp"
#include "config/read_listen.hpp"

#include <utility>

namespace wsrelay {

admin_config read_admin(yaml_map& in, const std::string& folder) {
  admin_config out;
  read_listen(in, out, folder);
  visit_admin(out, field_reader{in});
  read_token(in, out, folder);
  out.required_peers = in.texts("required_peers");
  return out;
}

} // namespace wsrelay
