// References between entries and entries in each other's way.
#include "config/validate.hpp"

#include "config/check_entry.hpp"
#include "config/findings.hpp"
#include "protocol/pid.hpp"
#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace wsrelay {

namespace {

/// Of a message to another node, beside data and metadata: names, PIDs, types.
constexpr std::size_t cluster_overhead = 64 * 1024;

/// Entries of one kind by their names; the first of a name counts.
template <class Entry>
using by_name = std::map<std::string_view, const Entry*>;

template <class Entry>
const Entry* find_entry(const by_name<Entry>& entries, std::string_view name) {
  auto i = entries.find(name);
  return i == entries.end() ? nullptr : i->second;
}

template <class Entry>
by_name<Entry> index(const std::vector<Entry>& entries) {
  by_name<Entry> result;
  for (const auto& entry : entries)
    result.emplace(entry.name, &entry);
  return result;
}

std::string place_text(const source_location& where) {
  return where.line > 0 ? fmt::format(" ({}:{})", where.file, where.line) : "";
}

/// The pattern with its parameters unnamed: equal for two patterns of the same
/// shape.
std::string shape_of(const path_pattern& path) {
  std::string out;
  for (auto part : split(path.text(), '/'))
    out +=
        part.starts_with('{') ? "/{}" : "/" + percent_decode(part).value_or("");
  return out;
}

/// Remembers who was first at a place where only one may be.
class occupied {
public:
  /// Returns who is at `place`, or nothing when it was free.
  template <class Entry>
  std::optional<std::string> take(std::string place, const Entry& entry) {
    auto [i, free] = taken_.emplace(
        std::move(place), shown(entry.name) + place_text(entry.where));
    return free ? std::nullopt : std::optional{i->second};
  }

private:
  std::map<std::string, std::string> taken_;
};

class validator {
public:
  explicit validator(const relay_config& config)
      : config_{config},
        services_{index(config.services)},
        routers_{index(config.routers)} {}

  std::vector<config_issue> run() {
    check_names(config_.services, service_kind);
    check_names(config_.routers, router_kind);
    check_names(config_.endpoints, endpoint_kind);
    check_names(config_.statics, static_kind);
    check_names(config_.clusters, cluster_kind);
    for (const auto& x : config_.services)
      check(x, entry_report{service_kind, x, issues_});
    for (const auto& x : config_.routers)
      check(x, entry_report{router_kind, x, issues_});
    for (const auto& x : config_.endpoints)
      check(x, entry_report{endpoint_kind, x, issues_});
    for (const auto& x : config_.statics)
      check(x, entry_report{static_kind, x, issues_});
    for (const auto& x : config_.clusters)
      check(x, entry_report{cluster_kind, x, issues_});
    return std::move(issues_);
  }

private:
  template <class Entry>
  void check_names(const std::vector<Entry>& entries, std::string_view kind) {
    occupied names;
    for (const auto& entry : entries) {
      auto report = entry_report{kind, entry, issues_};
      if (entry.name.empty())
        report.fail("name", "is missing");
      else if (auto first = names.take(entry.name, entry))
        report.fail("name",
                    fmt::format("the name of another {}: {}", kind, *first));
      else
        report.expect(check_name(entry.name), "name");
    }
  }

  void check(const service_config& x, entry_report report) {
    check_entry(x, report);
    if (x.port == 0)
      return;
    if (auto first = addresses_.take(fmt::format("{} {}", x.host, x.port), x))
      report.fail("addr", fmt::format("the address of {}", *first));
  }

  void check(const router_config& x, entry_report report) {
    check_entry(x, report);
    check_server(x.server, report);
  }

  void check(const endpoint_config& x, entry_report report) {
    auto router = find_entry(routers_, x.router);
    check_reference(x.router, router, router_kind, "meta.router", report);
    check_entry(x, router, report);
    if (!router || x.path.text().empty())
      return;
    auto place =
        fmt::format("{} {} {}", router->server, x.method, shape_of(x.path));
    if (auto first = endpoints_.take(place, x))
      report.fail("path", fmt::format("method and path of {}", *first));
  }

  void check(const static_config& x, entry_report report) {
    check_entry(x, report);
    check_server(x.server, report);
    auto place = fmt::format("{} {}", x.server, x.path);
    if (auto first = statics_.take(place, x))
      report.fail("path", fmt::format("the path of {}", *first));
  }

  void check(const cluster_config& x, entry_report report) {
    check_entry(x, report);
    if (auto largest = largest_message(); x.output_limit < largest.size)
      report.fail("output_limit",
                  fmt::format("must be {} or more, not {}: {} takes {} of {} "
                              "bytes ({}), and one that waits for another node "
                              "would end the connection to it",
                              largest.size, x.output_limit, largest.who,
                              largest.what, largest.limit, largest.key));
    if (auto first = clusters_.take("", x))
      report.fail("kind",
                  fmt::format("a node is in one cluster, with {}", *first));
  }

  // What is largest on its way to another node, and who lets it in.
  struct message_need {
    std::size_t size = 0;
    std::string who;
    std::string_view what;
    std::size_t limit = 0;
    std::string_view key;
  };

  message_need largest_message() const {
    message_need result;
    for (const auto& x : config_.routers) {
      auto size = x.options.max_message_size + x.options.max_metadata_size
                  + cluster_overhead;
      if (x.relays && size > result.size)
        result = {size, shown(x.name), "messages", x.options.max_message_size,
                  "wsrelay.max.message.size"};
    }
    for (const auto& x : config_.endpoints) {
      auto* service = asking_service(x);
      if (!service)
        continue;
      // The request line is in it whole and in its parts.
      auto size = service->max_body_size + 3 * service->max_header_size
                  + cluster_overhead;
      if (size > result.size)
        result = {size, shown(service->name), "bodies", service->max_body_size,
                  "max_body_size"};
    }
    return result;
  }

  // The service whose requests go to a handler actor, which may be elsewhere.
  const service_config* asking_service(const endpoint_config& x) const {
    auto* router = find_entry(routers_, x.router);
    if (!router || !std::holds_alternative<func_handler>(x.handler))
      return nullptr;
    return find_entry(services_, router->server);
  }

  void check_server(const std::string& server, entry_report& report) {
    check_reference(server, find_entry(services_, server), service_kind,
                    "meta.server", report);
  }

  static void check_reference(const std::string& name, const void* found,
                              std::string_view kind, std::string_view key,
                              entry_report& report) {
    if (name.empty())
      report.fail(key, "is missing");
    else if (!found)
      report.fail(key, fmt::format("no {} has the name {}", kind, shown(name)));
  }

  const relay_config& config_;
  std::vector<config_issue> issues_;
  by_name<service_config> services_;
  by_name<router_config> routers_;
  occupied addresses_; // host and port
  occupied endpoints_; // service, method and shape
  occupied statics_;   // service and path
  occupied clusters_;
};

/// Takes relay commands from proxies of which there are none.
bool trusts_nobody(const endpoint_config& endpoint,
                   const by_name<router_config>& routers,
                   const by_name<service_config>& services) {
  auto router = find_entry(routers, endpoint.router);
  auto service = router ? find_entry(services, router->server) : nullptr;
  return service && service->trusted_proxies.empty()
         && std::holds_alternative<trusted_header_handler>(endpoint.handler);
}

bool is_plain_key(std::string_view text) {
  constexpr std::string_view characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !text.empty() && text.find_first_not_of(characters) == text.npos;
}

/// Returns the first "{name}" in a map or a list of the metadata that has lost
/// its quotes: YAML reads a map with one key and no value, `{"name":null}`.
std::optional<std::string> unquoted_param(std::string_view json) {
  constexpr std::string_view begin = "{\"", end = "\":null}";
  for (auto at = json.find(begin, 1); at != json.npos;
       at = json.find(begin, at + 1)) {
    auto name = json.substr(at + begin.size());
    auto size = name.find('"');
    // Nothing of this can stand inside a string: a quote is escaped there.
    if (size != name.npos && name.substr(size).starts_with(end)
        && is_plain_key(name.substr(0, size)))
      return fmt::format("{{{}}}", name.substr(0, size));
  }
  return std::nullopt;
}

std::optional<std::string> unquoted_param(const endpoint_config& endpoint) {
  auto relay = std::get_if<relay_handler>(&endpoint.handler);
  return relay ? unquoted_param(relay->command.metadata) : std::nullopt;
}

bool allows_any(const router_config& router) {
  const auto& allowed = router.options.origins.allowed;
  return std::any_of(allowed.begin(), allowed.end(),
                     [](const origin_pattern& pattern) { return pattern.any; });
}

} // namespace

std::string entry_path(std::string_view kind, std::string_view name) {
  if (!name.empty())
    return shown(name);
  return kind.empty() ? "entry" : shown(kind);
}

std::vector<config_issue> validate(const relay_config& config) {
  return validator{config}.run();
}

std::vector<config_issue> find_warnings(const relay_config& config) {
  std::vector<config_issue> issues;
  for (const auto& router : config.routers) {
    if (allows_any(router))
      entry_report{router_kind, router, issues}.fail(
          "post_options.wsrelay.allowed.origins",
          "* lets the pages of every site open connections");
  }
  auto services = index(config.services);
  auto routers = index(config.routers);
  for (const auto& endpoint : config.endpoints) {
    if (trusts_nobody(endpoint, routers, services))
      entry_report{endpoint_kind, endpoint, issues}.fail(
          "trusted_header",
          "refuses every request: its service has no trusted_proxies");
    if (auto param = unquoted_param(endpoint))
      entry_report{endpoint_kind, endpoint, issues}.fail(
          "relay.metadata",
          fmt::format("{0} is a map here: write \"{0}\" for the parameter of "
                      "the path",
                      *param));
  }
  return issues;
}

} // namespace wsrelay
