// Finds the endpoint or the static files of a request: the routes of one
// service, compiled once. What a look-up costs depends on the request's path
// and on how many patterns fit it, not on how many there are.
#pragma once

#include "config/config.hpp"
#include "config/segment_tree.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wsrelay {

/// The request goes to this endpoint.
struct endpoint_match {
  const endpoint_config* endpoint;
  const router_config* router;
  path_params params;
};

/// The request asks for a file; `file` is the decoded path below the root,
/// without leading slash, free of "." and ".." segments. "" is the index; one
/// that ends with "/" names a folder, whose index is meant.
struct static_match {
  const static_config* files;
  std::string file;
  /// The path is the mount without its slash: relative links of the index would
  /// lead beside the mount.
  bool needs_slash = false;
};

/// The path exists, the method does not: `allow` is the Allow header's value.
struct method_mismatch {
  std::string allow;
};

/// OPTIONS of a path that exists, or of the server: `allow` is the Allow
/// header's value (RFC 9110 section 9.3.7).
struct options_match {
  std::string allow;
};

/// Nothing is there.
struct no_match {};

using route = std::variant<no_match, method_mismatch, options_match,
                           endpoint_match, static_match>;

/// The routes of one service. Refers to the configuration, which outlives it.
/// Safe to use from many threads.
class route_table {
public:
  route_table(const relay_config& config, std::string_view service);

  /// Finds where `method` on `path` (no query) goes. Endpoints go before static
  /// files, more literal segments before fewer, longer static prefixes before
  /// shorter. HEAD goes to a GET endpoint. A path with dot segments matches
  /// nothing. OPTIONS goes to an endpoint that takes it, and is answered from
  /// here otherwise; so are "*", which is the server, and "/" where nothing is,
  /// since proxies ask for it to learn whether the server lives.
  route find(std::string_view method, std::string_view path) const;

private:
  struct entry {
    const endpoint_config* endpoint;
    const router_config* router;
    std::uint32_t next; // of the same shape and lower rank; `none` ends
  };

  static constexpr std::uint32_t none = ~std::uint32_t{0};

  void add_endpoints(const relay_config& config, std::string_view service);
  void add_statics(const relay_config& config, std::string_view service);
  route find_endpoint(std::string_view method, std::string_view path) const;
  route find_file(std::string_view method, std::string_view path) const;
  route answer_options(route found, std::string_view path) const;

  std::vector<entry> endpoints_; // by rank: the most specific first
  segment_tree shapes_;          // value: the first entry of a shape
  std::vector<const static_config*> statics_;
  segment_tree mounts_;      // value: an index of `statics_`
  std::string server_allow_; // Allow of the whole server
};

} // namespace wsrelay
