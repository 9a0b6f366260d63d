// Reads the entries of each kind from YAML: types and notation. What the values
// must be beyond that is up to validate.hpp; name and place of an entry are up
// to the caller.
#pragma once

#include "config/config.hpp"
#include "config/yaml_reader.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wsrelay {

/// Reads the members that fields.hpp lists; what is absent or bad keeps its
/// default.
class field_reader {
public:
  explicit field_reader(yaml_map& in) : in_{in} {}

  template <class Number>
  void operator()(std::string_view key, Number& out, number_range range) {
    if (auto value = in_.number(key, range))
      out = static_cast<Number>(*value);
  }

  void operator()(std::string_view key, std::chrono::milliseconds& out);

  /// "off" is none.
  void operator()(std::string_view key,
                  std::optional<std::chrono::milliseconds>& out);

  void operator()(std::string_view key, bool& out);

  template <class Enum>
  void operator()(std::string_view key, Enum& out, choice_words words) {
    if (auto place = in_.choice(key, words))
      out = static_cast<Enum>(*place);
  }

private:
  yaml_map& in_;
};

/// Returns the name at `key` of `meta`; one that stands beside `meta` is an
/// error and counts.
std::string read_reference(yaml_map& in, std::string_view key);

/// Looks the files of `tls` up in `folder`.
service_config read_service(yaml_map& in, const std::string& folder);

router_config read_router(yaml_map& in);

/// Needs the routers for their prefix. Looks `secret_file` and `ca` up in
/// `folder`.
endpoint_config read_endpoint(yaml_map& in, const relay_config& config,
                              const std::string& folder);

/// Looks `root` up in `folder`.
static_config read_static(yaml_map& in, const std::string& folder);

cluster_config read_cluster(yaml_map& in, const std::string& folder);

/// Looks `token_file` and the files of `tls` up in `folder`.
admin_config read_admin(yaml_map& in, const std::string& folder);

/// Looks `token_file` and the files of `tls` up in `folder`.
backend_config read_backend(yaml_map& in, const std::string& folder);

/// Adds what each backend.service is made of.
void derive_backends(relay_config& config);

/// Looks `secret_file` and `ca` up in `folder`.
http_target_config read_target(yaml_map& in, const std::string& folder);

/// Returns `path` as an absolute path; a relative one begins at `folder`.
std::string resolve_path(const std::string& folder, const std::string& path);

} // namespace wsrelay
