// Compiles and searches the routes of one service.
#include "config/route_table.hpp"

#include "protocol/text.hpp"
#include "protocol/utf8.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace wsrelay {

namespace {

constexpr std::string_view static_methods = "GET, HEAD";

/// Endpoints of one path in the order they are asked: an own one for HEAD goes
/// before GET's, any named method before "*".
int method_rank(std::string_view method) {
  if (method == "*")
    return 2;
  return method == "GET" ? 1 : 0;
}

bool accepts(std::string_view wanted, std::string_view method) {
  return wanted == "*" || wanted == method
         || (wanted == "GET" && method == "HEAD");
}

void add_methods(std::set<std::string_view>& to, std::string_view method) {
  to.insert(method);
  if (method == "GET")
    to.insert("HEAD");
}

std::string join(const std::set<std::string_view>& methods) {
  std::string out;
  for (auto method : methods)
    out.append(out.empty() ? "" : ", ").append(method);
  return out;
}

/// A segment that may become part of a file's name.
bool is_safe_segment(std::string_view text) {
  return text != "." && text != ".." && text.find_first_of("/\\") == text.npos
         && is_plain_utf8(text);
}

/// Decodes the path of a request segment by segment; nothing when a segment is
/// not safe, or empty elsewhere than at the end.
std::optional<std::string> decode_path(std::string_view path) {
  if (!path.starts_with('/'))
    return std::nullopt;
  std::string out;
  for (auto part : split(path.substr(1), '/')) {
    auto decoded = percent_decode(part);
    if (!decoded || !is_safe_segment(*decoded) || out.ends_with('/'))
      return std::nullopt;
    out += '/' + *decoded;
  }
  return out;
}

/// Returns what of `path` is below `prefix`, which "/app" is not of "/apple".
std::optional<std::string> below(std::string_view path,
                                 std::string_view prefix) {
  if (prefix == "/")
    prefix = "";
  if (!path.starts_with(prefix))
    return std::nullopt;
  auto rest = path.substr(prefix.size());
  if (!rest.empty() && rest.front() != '/')
    return std::nullopt;
  return std::string{rest.substr(rest.empty() ? 0 : 1)};
}

} // namespace

route_table::route_table(const relay_config& config, std::string_view service) {
  std::map<std::string_view, const router_config*> routers;
  for (const auto& router : config.routers) {
    if (router.server == service)
      routers.emplace(router.name, &router);
  }
  for (const auto& endpoint : config.endpoints) {
    if (auto i = routers.find(endpoint.router); i != routers.end())
      endpoints_.push_back({&endpoint, i->second});
  }
  for (const auto& files : config.statics) {
    if (files.server == service)
      statics_.push_back(&files);
  }
  sort();
}

void route_table::sort() {
  std::stable_sort(endpoints_.begin(), endpoints_.end(),
                   [](const entry& a, const entry& b) {
                     auto x = a.endpoint->path.literals();
                     auto y = b.endpoint->path.literals();
                     return x != y ? x > y
                                   : method_rank(a.endpoint->method)
                                         < method_rank(b.endpoint->method);
                   });
  std::stable_sort(statics_.begin(), statics_.end(),
                   [](const static_config* a, const static_config* b) {
                     return a->path.size() > b->path.size();
                   });
}

route route_table::find(std::string_view method, std::string_view path) const {
  std::set<std::string_view> allowed;
  for (const auto& [endpoint, router] : endpoints_) {
    auto params = endpoint->path.match(path);
    if (params && accepts(endpoint->method, method))
      return endpoint_match{endpoint, router, std::move(*params)};
    if (params)
      add_methods(allowed, endpoint->method);
  }
  if (!allowed.empty())
    return method_mismatch{join(allowed)};
  return find_file(method, path);
}

route route_table::find_file(std::string_view method,
                             std::string_view path) const {
  auto decoded = decode_path(path);
  if (!decoded)
    return no_match{};
  for (auto files : statics_) {
    auto file = below(*decoded, files->path);
    if (!file)
      continue;
    if (!accepts("GET", method))
      return method_mismatch{std::string{static_methods}};
    return static_match{files, std::move(*file)};
  }
  return no_match{};
}

} // namespace wsrelay
