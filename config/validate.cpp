// References between entries and entries in each other's way.
#include "config/validate.hpp"

#include "config/check_entry.hpp"
#include "config/cluster_need.hpp"
#include "config/entry_index.hpp"
#include "config/findings.hpp"
#include "config/ip_address.hpp"
#include "config/nearest.hpp"
#include "config/service_address.hpp"
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
    check_names(config_.admins, admin_kind);
    check_names(config_.targets, target_kind);
    check_names(config_.backends, backend_kind);
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
    for (const auto& x : config_.admins)
      check(x, entry_report{admin_kind, x, issues_});
    for (const auto& x : config_.targets)
      check(x, entry_report{target_kind, x, issues_});
    for (const auto& x : config_.backends)
      check_entry(x, entry_report{backend_kind, x, issues_});
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
    if (x.name.ends_with(".retired"))
      report.fail("name", "must not end with .retired: so is called what is "
                          "left of a service in the metrics");
    if (x.redirect_to_https && x.tls.enabled())
      report.fail("redirect_to_https", "it speaks https itself");
    else if (x.redirect_to_https && !find_https_service(config_))
      report.fail("redirect_to_https", "needs another http.service with tls");
    check_all_addresses(x, report);
  }

  void check(const admin_config& x, entry_report report) {
    check_entry(x, report);
    check_all_addresses(x, report);
    if (!x.required_peers.empty() && config_.clusters.empty())
      report.fail("required_peers", "needs a cluster.node");
    for (const auto& own : config_.clusters)
      if (std::count(x.required_peers.begin(), x.required_peers.end(), own.name)
          > 0)
        report.fail("required_peers",
                    fmt::format("{} is this node itself", shown(own.name)));
    if (std::any_of(config_.services.begin(), config_.services.end(),
                    [&](auto& each) { return each.name == x.name; }))
      report.fail("name", "the name of an http.service");
    if (auto first = admins_.take("", x))
      report.fail("kind", fmt::format("one is enough, there is {}", *first));
  }

  void check(const http_target_config& x, entry_report report) {
    check_entry(x, report);
    check_not_own(x, config_.services, report);
    check_not_own(x, config_.admins, report);
    if (x.name.starts_with(reserved_prefix))
      report.fail("name", fmt::format("names that begin with {} are the "
                                      "relay's own",
                                      reserved_prefix));
  }

  template <class Entry>
  static void check_not_own(const http_target_config& x,
                            const std::vector<Entry>& all,
                            entry_report& report) {
    for (const auto& each : all)
      if (std::any_of(each.addresses.begin(), each.addresses.end(),
                      [&](auto& own) { return reaches(x.server, own); }))
        report.fail("url",
                    fmt::format("is this relay's own {}", shown(each.name)));
  }

  // As far as the text tells: a name may lead here as well.
  static bool reaches(const upstream_handler& server,
                      const service_address& own) {
    if (!own.is_tcp() || own.tcp.port != server.port)
      return false;
    auto is_any = [](const std::string& host) {
      return host.empty() || host == "0.0.0.0" || host == "::";
    };
    auto to = normal_address(to_lower(server.host));
    auto at = normal_address(to_lower(own.tcp.host));
    auto is_here = is_any(to) || is_this_machine(to);
    return to == at || (is_here && is_any(at))
           || (is_this_machine(at) && (is_any(to) || to == "localhost"))
           || (is_here && at == "localhost");
  }

  template <class Entry>
  void check_all_addresses(const Entry& x, entry_report& report) {
    for (std::size_t i = 0; i < x.addresses.size(); ++i)
      check_address(x, i, report);
  }

  template <class Entry>
  void check_address(const Entry& x, std::size_t place, entry_report& report) {
    auto& address = x.addresses[place];
    if (address.is_tcp() && address.tcp.port == 0)
      return; // the kernel chooses
    if (auto first = addresses_.take(to_text(address), x))
      report.fail(
          x.addresses.size() == 1 ? "addr" : fmt::format("addr[{}]", place),
          fmt::format("{} is the address of {}", to_text(address), *first));
  }

  void check(const router_config& x, entry_report report) {
    check_entry(x, report);
    check_server(x.server, report);
  }

  void check(const endpoint_config& x, entry_report report) {
    auto router = find_entry(routers_, x.router);
    check_reference(x.router, routers_, router_kind, "meta.router", report);
    check_entry(x, router, report);
    if (!router || x.path.text().empty())
      return;
    auto place =
        fmt::format("{} {} {}", router->server, x.method, shape_of(x.path));
    if (auto first = endpoints_.take(place, x))
      report.fail("path",
                  fmt::format("the same method and path as {}", *first));
  }

  void check(const static_config& x, entry_report report) {
    check_entry(x, report);
    check_server(x.server, report);
    auto place = fmt::format("{} {}", x.server, x.path);
    if (auto first = statics_.take(place, x))
      report.fail("path", fmt::format("the same path as {}", *first));
  }

  void check(const cluster_config& x, entry_report report) {
    check_entry(x, report);
    if (auto largest = largest_message(config_); x.output_limit < largest.size)
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

  void check_server(const std::string& server, entry_report& report) {
    check_reference(server, services_, service_kind, "meta.server", report);
  }

  template <class Entry>
  void check_reference(const std::string& name, const by_name<Entry>& entries,
                       std::string_view kind, std::string_view key,
                       entry_report& report) {
    if (name.empty())
      report.fail(key, "is missing");
    else if (!find_entry(entries, name))
      report.fail(key, fmt::format("no {} has the name {}{}", kind, shown(name),
                                   guess(name, entries)));
  }

  // Of what a backend.service is made nothing can be part. A guess looks at
  // every name: a file may have thousands of them, all wrong.
  template <class Entry>
  std::string guess(const std::string& name, const by_name<Entry>& entries) {
    constexpr int max_guesses = 50;
    std::vector<std::string_view> names;
    if (++guesses_ > max_guesses)
      return "";
    for (auto& [each, entry] : entries)
      if (!entry->is_derived)
        names.emplace_back(each);
    return did_you_mean(name, names);
  }

  const relay_config& config_;
  std::vector<config_issue> issues_;
  by_name<service_config> services_;
  by_name<router_config> routers_;
  occupied addresses_; // as text
  occupied endpoints_; // service, method and shape
  occupied statics_;   // service and path
  occupied clusters_;
  occupied admins_;
  int guesses_ = 0;
};

} // namespace

std::string entry_path(std::string_view kind, std::string_view name) {
  if (!name.empty())
    return shown(name);
  return kind.empty() ? "entry" : shown(kind);
}

std::vector<config_issue> validate(const relay_config& config) {
  return validator{config}.run();
}

} // namespace wsrelay
