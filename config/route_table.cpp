// Compiles and searches the routes of one service.
#include "config/route_table.hpp"

#include "protocol/text.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace wsrelay {

namespace {

constexpr std::string_view options = "OPTIONS";
constexpr std::string_view static_methods = "GET, HEAD, OPTIONS";

/// What "*" accepts, as far as it can be listed.
constexpr std::string_view common_methods[] = {"DELETE", "GET",  "HEAD",
                                               "PATCH",  "POST", "PUT"};

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

using method_set = std::set<std::string_view>;

void add_methods(method_set& to, std::string_view method) {
  to.insert(method);
  if (method == "GET")
    to.insert("HEAD");
}

std::string join(const method_set& methods) {
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

/// Walks the tree along every pattern that fits a path.
class shape_search {
public:
  shape_search(const segment_tree& tree, std::vector<std::string> parts)
      : tree_{tree}, parts_{std::move(parts)} {}

  /// Calls `visit` with the value of each pattern that fits.
  template <class Visitor>
  void run(Visitor&& visit) const {
    step(segment_tree::root, 0, visit);
  }

  path_params params_of(const path_pattern& pattern) && {
    path_params out;
    const auto& segments = pattern.segments();
    for (std::size_t i = 0; i < segments.size(); ++i)
      if (segments[i].is_param)
        out.emplace_back(segments[i].text, std::move(parts_[i]));
    return out;
  }

private:
  // As deep as the longest pattern; into both ways only where both are there.
  template <class Visitor>
  void step(segment_tree::node_id at, std::size_t i, Visitor& visit) const {
    if (i == parts_.size()) {
      if (auto value = tree_.value(at); value != segment_tree::no_value)
        visit(value);
      return;
    }
    if (auto next = tree_.literal(at, parts_[i]); next != segment_tree::root)
      step(next, i + 1, visit);
    auto next = tree_.param(at);
    if (next != segment_tree::root && !parts_[i].empty())
      step(next, i + 1, visit);
  }

  const segment_tree& tree_;
  std::vector<std::string> parts_;
};

/// The decoded segments of a path that has no more than `most`; nothing when it
/// is no path or one of them is malformed.
std::optional<std::vector<std::string>> decode_parts(std::string_view path,
                                                     std::size_t most) {
  auto slashes = std::count(path.begin(), path.end(), '/');
  if (!path.starts_with('/') || static_cast<std::size_t>(slashes) > most)
    return std::nullopt;
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(slashes));
  for (auto part : split(path.substr(1), '/')) {
    auto decoded = decode_segment(part);
    if (!decoded)
      return std::nullopt;
    out.push_back(std::move(*decoded));
  }
  return out;
}

/// Where a mount was found in a path and how many of its bytes it is.
struct mount {
  std::uint32_t index = segment_tree::no_value;
  std::size_t size = 0;
};

/// Finds the longest mount of a decoded path.
mount find_mount(const segment_tree& tree, std::string_view path) {
  mount found{tree.value(segment_tree::root), 0};
  auto at = segment_tree::root;
  for (std::size_t begin = 1;;) {
    auto end = std::min(path.find('/', begin), path.size());
    at = tree.literal(at, path.substr(begin, end - begin));
    if (at == segment_tree::root)
      return found;
    if (tree.value(at) != segment_tree::no_value)
      found = {tree.value(at), end};
    if (end == path.size())
      return found;
    begin = end + 1;
  }
}

} // namespace

route_table::route_table(const relay_config& config, std::string_view service) {
  add_endpoints(config, service);
  add_statics(config, service);
  method_set methods;
  for (const auto& each : endpoints_) {
    if (each.endpoint->method == "*")
      methods.insert(std::begin(common_methods), std::end(common_methods));
    else
      add_methods(methods, each.endpoint->method);
  }
  if (!statics_.empty() || methods.empty())
    add_methods(methods, "GET");
  methods.insert(options);
  server_allow_ = join(methods);
}

void route_table::add_endpoints(const relay_config& config,
                                std::string_view service) {
  std::map<std::string_view, const router_config*> routers;
  for (const auto& router : config.routers) {
    if (router.server == service)
      routers.emplace(router.name, &router);
  }
  for (const auto& endpoint : config.endpoints) {
    if (auto i = routers.find(endpoint.router); i != routers.end())
      endpoints_.push_back({&endpoint, i->second, none});
  }
  std::stable_sort(endpoints_.begin(), endpoints_.end(),
                   [](const entry& a, const entry& b) {
                     auto x = a.endpoint->path.literals();
                     auto y = b.endpoint->path.literals();
                     return x != y ? x > y
                                   : method_rank(a.endpoint->method)
                                         < method_rank(b.endpoint->method);
                   });
  // From the last to the first, so that each list of a shape is in order.
  for (auto i = endpoints_.size(); i-- > 0;) {
    auto at = segment_tree::root;
    for (const auto& [is_param, text] : endpoints_[i].endpoint->path.segments())
      at = shapes_.grow(at, is_param ? std::nullopt
                                     : std::optional<std::string_view>{text});
    auto& first = shapes_.value(at);
    endpoints_[i].next = first;
    first = static_cast<std::uint32_t>(i);
  }
}

void route_table::add_statics(const relay_config& config,
                              std::string_view service) {
  for (const auto& files : config.statics) {
    if (files.server != service)
      continue;
    auto at = segment_tree::root;
    if (files.path.size() > 1)
      for (auto part : split(std::string_view{files.path}.substr(1), '/'))
        at = mounts_.grow(at, part);
    if (mounts_.value(at) == segment_tree::no_value)
      mounts_.value(at) = static_cast<std::uint32_t>(statics_.size());
    statics_.push_back(&files);
  }
}

route route_table::find(std::string_view method, std::string_view path) const {
  if (has_dot_segments(path))
    return no_match{};
  auto found = find_endpoint(method, path);
  if (std::holds_alternative<no_match>(found))
    found = find_file(method, path);
  return method == options ? answer_options(std::move(found), path) : found;
}

route route_table::find_endpoint(std::string_view method,
                                 std::string_view path) const {
  auto parts = decode_parts(path, shapes_.depth());
  if (!parts)
    return no_match{};
  auto best = none;
  method_set allowed;
  shape_search search{shapes_, std::move(*parts)};
  search.run([&](std::uint32_t first) {
    for (auto i = first; i != none && i < best; i = endpoints_[i].next) {
      if (accepts(endpoints_[i].endpoint->method, method))
        best = i;
      else
        add_methods(allowed, endpoints_[i].endpoint->method);
    }
  });
  if (best == none && allowed.empty())
    return no_match{};
  if (best == none) {
    allowed.insert(options);
    return method_mismatch{join(allowed)};
  }
  const auto& [endpoint, router, next] = endpoints_[best];
  return endpoint_match{endpoint, router,
                        std::move(search).params_of(endpoint->path)};
}

route route_table::find_file(std::string_view method,
                             std::string_view path) const {
  auto decoded = statics_.empty() ? std::nullopt : decode_path(path);
  if (!decoded)
    return no_match{};
  auto [index, size] = find_mount(mounts_, *decoded);
  if (index == segment_tree::no_value)
    return no_match{};
  if (!accepts("GET", method))
    return method_mismatch{std::string{static_methods}};
  auto needs_slash = size == decoded->size();
  decoded->erase(0, size + (needs_slash ? 0 : 1));
  return static_match{statics_[index], std::move(*decoded), needs_slash};
}

route route_table::answer_options(route found, std::string_view path) const {
  if (auto mismatch = std::get_if<method_mismatch>(&found))
    return options_match{std::move(mismatch->allow)};
  auto is_server = path == "*" || path == "/";
  if (is_server && std::holds_alternative<no_match>(found))
    return options_match{server_allow_};
  return found;
}

} // namespace wsrelay
