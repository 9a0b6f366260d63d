// Reads an admin.service.
#include "config/file_text.hpp"
#include "config/read_entries.hpp"
#include "config/read_listen.hpp"

#include <utility>

namespace wsrelay {

namespace {

void read_token(yaml_map& in, admin_config& out, const std::string& folder) {
  auto file = in.text("token_file");
  if (!file)
    return;
  out.token_file = resolve_path(folder, *file);
  auto token = read_secret(out.token_file);
  if (token)
    out.token = std::move(*token);
  else
    in.fail("token_file", token.error().what);
}

} // namespace

admin_config read_admin(yaml_map& in, const std::string& folder) {
  admin_config out;
  read_listen(in, out, folder);
  visit_admin(out, field_reader{in});
  read_token(in, out, folder);
  out.required_peers = in.texts("required_peers");
  return out;
}

} // namespace wsrelay
