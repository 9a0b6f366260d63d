// Reads an http.static.
#include "config/read_entries.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace wsrelay {

namespace {

constexpr std::string_view builtin_prefix = "builtin:";

void read_root(yaml_map& in, static_config& out, const std::string& folder) {
  out.root = in.text("root").value_or("");
  if (out.root.empty() || out.root == demo_root)
    return;
  if (out.root.starts_with(builtin_prefix))
    return in.fail("root", fmt::format("unknown {}, known is {}",
                                       shown(out.root), demo_root));
  out.root = resolve_path(folder, out.root);
}

} // namespace

std::string resolve_path(const std::string& folder, const std::string& path) {
  auto joined = std::filesystem::path{folder} / path;
  std::error_code error;
  auto absolute = std::filesystem::absolute(joined, error);
  return (error ? joined : absolute).lexically_normal().string();
}

static_config read_static(yaml_map& in, const std::string& folder) {
  static_config out;
  out.server = read_reference(in, "server");
  out.path = in.text("path").value_or("");
  read_root(in, out, folder);
  out.index = in.text("index").value_or(out.index);
  return out;
}

} // namespace wsrelay
