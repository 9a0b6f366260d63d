// Finds the endpoint or the static files of a request: the routes of one
// service, compiled once.
#pragma once

#include "config/config.hpp"

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
};

/// The path exists, the method does not: `allow` is the Allow header's value.
struct method_mismatch {
  std::string allow;
};

/// Nothing is there.
struct no_match {};

using route =
    std::variant<no_match, method_mismatch, endpoint_match, static_match>;

/// The routes of one service. Refers to the configuration, which outlives it.
/// Safe to use from many threads.
class route_table {
public:
  route_table(const relay_config& config, std::string_view service);

  /// Finds where `method` on `path` (no query) goes. Endpoints go before static
  /// files, more literal segments before fewer, longer static prefixes before
  /// shorter. HEAD goes to a GET endpoint.
  route find(std::string_view method, std::string_view path) const;

private:
  struct entry {
    const endpoint_config* endpoint;
    const router_config* router;
  };

  void sort();
  route find_file(std::string_view method, std::string_view path) const;

  std::vector<entry> endpoints_;              // most specific first
  std::vector<const static_config*> statics_; // longest prefix first
};

} // namespace wsrelay
