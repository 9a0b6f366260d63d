// Checks of an endpoint: its path, its method and its handler.
#include "config/check_entry.hpp"
#include "config/file_text.hpp"
#include "config/range_check.hpp"
#include "config/upstream_url.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"
#include "protocol/relay_command.hpp"
#include "protocol/utf8.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

namespace wsrelay {

namespace {

constexpr std::string_view identifier_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

// Of header fields, and of query parameters, that metadata get.
constexpr std::size_t max_listed = 32;

constexpr std::string_view method_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-";

/// Returns the first "{name}" in `text` that is no parameter of `path`. In JSON
/// text a brace before a letter stands inside a string.
std::optional<std::string> unknown_param(std::string_view text,
                                         const path_pattern& path) {
  for (auto at = text.find('{'); at != text.npos; at = text.find('{', at + 1)) {
    auto end = text.find_first_not_of(identifier_characters, at + 1);
    if (end == text.npos || end == at + 1 || text[end] != '}')
      continue;
    auto name = text.substr(at, end + 1 - at);
    if (path.text().find(name) == std::string::npos)
      return std::string{name};
  }
  return std::nullopt;
}

/// The checks of the one handler that there is.
class handler_check {
public:
  handler_check(const endpoint_config& endpoint, const router_config* router,
                entry_report& report)
      : endpoint_{endpoint}, router_{router}, report_{report} {}

  void operator()(const func_handler& x) {
    report_.expect(check_func_name(x.name), "func");
    visit_func(x, range_check{report_});
  }

  void operator()(const upstream_handler& x) {
    check_url(x);
    check_ca(x);
    visit_upstream(x, range_check{report_});
  }

  void operator()(const relay_handler& x) {
    check_router("relay");
    check_get("relay");
    check_command(x.command);
    check_params("relay.target_pid", x.command.target_pid);
    check_params("relay.metadata", x.command.metadata);
    check_params("relay.limit_key", x.command.limit_key);
    check_params("relay.state", x.command.state);
    for (auto& group : x.command.groups)
      check_params("relay.groups", group);
    check_listed("headers", x.headers, [](auto& name) {
      return is_token(name) && !begins_variable(name, relay_header);
    });
    check_free_member(x, "headers", x.headers);
    check_free_member(x, "query", x.query);
    check_listed("query", x.query, [](auto& name) {
      return !name.empty() && is_plain_utf8(name);
    });
  }

  void operator()(const backend_handler&) {}

  void operator()(const trusted_header_handler&) {
    check_router("trusted_header");
    check_get("trusted_header");
  }

private:
  /// NAME or NAME@node, which is how targets are written, too.
  static checked check_func_name(const std::string& name) {
    auto target = parse_target(name);
    if (!target)
      return target.error();
    if (target->kind == target_name::form::pid)
      return failure{"must be a name, not a PID"};
    return check_relay_target(name);
  }

  void check_url(const upstream_handler& x) {
    auto url = parse_upstream_url(x.url);
    if (!url)
      report_.fail("upstream", url.error().what);
    else if (url->host != x.host || url->port != x.port || url->path != x.path
             || url->tls != x.tls)
      report_.fail("upstream",
                   "tls, host, port and path are not those of the url");
  }

  void check_ca(const upstream_handler& x) {
    if (x.ca.empty())
      return;
    if (!x.url.starts_with("http://")) // a bad url is reported as such
      report_.expect(check_certificate_file(x.ca), "ca");
    else
      report_.fail("ca", "goes with an upstream over https only");
  }

  void check_router(std::string_view key) {
    if (router_ && !router_->relays)
      report_.fail(key, fmt::format("router {} lacks {} in post_middleware",
                                    router_->name, relay_middleware));
  }

  /// RFC 6455 section 4.1: a WebSocket is asked for with GET, and such an
  /// endpoint takes no other requests.
  void check_get(std::string_view key) {
    if (endpoint_.method != "GET" && endpoint_.method != "*")
      report_.fail("method",
                   fmt::format("must be GET or * with {}: a WebSocket is asked "
                               "for with GET",
                               key));
  }

  /// One field at a time: each error at its key, all of them in one run.
  void check_command(const relay_command& command) {
    relay_command topic, interval, metadata, limit, state, groups;
    topic.message_topic = command.message_topic;
    interval.heartbeat_interval = command.heartbeat_interval;
    metadata.metadata = command.metadata;
    if (command.target_pid.empty())
      report_.fail("relay.target_pid", "is missing");
    else
      report_.expect(check_relay_target(command.target_pid),
                     "relay.target_pid");
    check_field(std::move(topic), "message_topic");
    check_field(std::move(interval), "heartbeat_interval");
    check_field(std::move(metadata), "metadata");
    state.state = command.state;
    check_field(std::move(state), "state");
    groups.groups = with_any_values(command.groups);
    check_field(std::move(groups), "groups");
    limit.limit_key = command.limit_key;
    check_field(limit, "limit_key");
    limit.limit_key = command.limit_key.empty() ? "" : "any";
    limit.limit_max = command.limit_max;
    check_field(std::move(limit), "limit_max");
  }

  void check_field(relay_command command, std::string_view field) {
    auto limits = relay_command_limits{};
    if (router_)
      limits.max_metadata = router_->options.max_metadata_size;
    auto ok = check_relay_command(std::move(command), limits, true);
    if (ok)
      return;
    auto what = std::string_view{ok.error().what};
    if (auto start = fmt::format("{}: ", field); what.starts_with(start))
      what.remove_prefix(start.size());
    report_.fail(fmt::format("relay.{}", field), std::string{what});
  }

  /// Values of the path stand for themselves: a request tells them.
  std::vector<std::string> with_any_values(std::vector<std::string> texts) {
    path_params any;
    for (auto& segment : endpoint_.path.segments())
      if (segment.is_param)
        any.emplace_back(segment.text, "x");
    for (auto& text : texts)
      text = expand_params(text, any);
    return texts;
  }

  /// What is listed becomes a member of the metadata.
  void check_free_member(const relay_handler& x, const char* member,
                         const std::vector<std::string>& names) {
    rapidjson::Document metadata;
    if (names.empty() || !check_json_object(x.command.metadata))
      return;
    metadata.Parse(x.command.metadata.c_str());
    for (auto& each : metadata.GetObject()) {
      std::string_view name{each.name.GetString(), each.name.GetStringLength()};
      if (name == member || name.find('{') != name.npos)
        return report_.fail(
            fmt::format("relay.{}", member),
            fmt::format("the metadata have {} already, or may get it", member));
    }
  }

  /// Names of what a request tells.
  template <class IsGood>
  void check_listed(std::string_view what,
                    const std::vector<std::string>& names, IsGood is_good) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto key = fmt::format("relay.{}[{}]", what, i);
      if (i == max_listed)
        return report_.fail(key, fmt::format("more than {}", max_listed));
      if (!is_good(names[i]))
        report_.fail(key, "is no name that a request may tell");
      else if (!seen.insert(names[i]).second)
        report_.fail(key, "stands twice");
    }
  }

  // Not known without a path, or the prefix of its router.
  void check_params(std::string_view key, std::string_view text) {
    auto is_known =
        router_ && !endpoint_.path.text().empty()
        && (router_->prefix.empty() || path_pattern::parse(router_->prefix));
    if (!is_known)
      return;
    if (auto name = unknown_param(text, endpoint_.path))
      report_.fail(key, fmt::format("{} is no parameter of the path", *name));
  }

  const endpoint_config& endpoint_;
  const router_config* router_;
  entry_report& report_;
};

void check_subprotocols(const endpoint_config& x, entry_report& report) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < x.subprotocols.size(); ++i) {
    auto key = fmt::format("subprotocols[{}]", i);
    if (!is_token(x.subprotocols[i]))
      report.fail(key, "must be a token, such as graphql-transport-ws");
    else if (!seen.insert(x.subprotocols[i]).second)
      report.fail(key, "stands twice");
  }
  if (x.require_subprotocol && x.subprotocols.empty())
    report.fail("require_subprotocol", "needs subprotocols");
}

/// A fixed command has no time of its own.
void check_expiry(const endpoint_config& x, const router_config* router,
                  entry_report& report) {
  if (router && router->options.expiry.required
      && std::holds_alternative<relay_handler>(x.handler))
    report.fail("relay", "a fixed command has no expires_at, which "
                         "wsrelay.require.expiry of its router demands: func "
                         "and upstream can tell one");
}

void check_method(const std::string& method, entry_report& report) {
  if (method == "*")
    return;
  if (method.empty()
      || method.find_first_not_of(method_characters) != method.npos)
    report.fail("method", "must be * or in upper case, such as GET");
}

/// The text after the prefix begins a segment of its own.
bool is_below(std::string_view path, std::string_view prefix) {
  auto rest = path.substr(std::min(prefix.size(), path.size()));
  return path.starts_with(prefix) && (rest.empty() || rest.starts_with('/'));
}

void check_path(const std::string& path, const router_config* router,
                entry_report& report) {
  if (path.empty())
    report.fail("path", "is missing");
  else if (router && path_pattern::parse(router->prefix)
           && !is_below(path, router->prefix))
    report.fail("path", "does not begin with the prefix of the router");
}

} // namespace

void check_entry(const endpoint_config& x, const router_config* router,
                 entry_report& report) {
  check_method(x.method, report);
  check_path(x.path.text(), router, report);
  std::visit(handler_check{x, router, report}, x.handler);
  visit_endpoint(x, range_check{report});
  check_subprotocols(x, report);
  check_expiry(x, router, report);
}

} // namespace wsrelay
