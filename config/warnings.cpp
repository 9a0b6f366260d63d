// What works but is hardly meant.
#include "config/address_set.hpp"
#include "config/check_entry.hpp"
#include "config/cluster_need.hpp"
#include "config/dead_settings.hpp"
#include "config/entry_index.hpp"
#include "config/findings.hpp"
#include "config/ip_address.hpp"
#include "config/listen_address.hpp"
#include "config/validate.hpp"
#include "protocol/json.hpp"
#include "protocol/pid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>

namespace wsrelay {

namespace {

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

/// Returns why no actor can be where `text` says, or "".
std::string missing_place(const std::string& text, const relay_config& config) {
  constexpr std::string_view digits = "0123456789";
  auto target = parse_target(text);
  if (!target || target->kind != target_name::form::at_peer)
    return "";
  if (target->name.find_first_not_of(digits) == std::string::npos)
    return fmt::format("is the name {} at a node {}: a PID has 40 hexadecimal "
                       "digits, # and a number behind its @",
                       shown(target->name), shown(target->node));
  return config.clusters.empty()
             ? fmt::format("nothing gets there: without a cluster.node there "
                           "is no node {}",
                           shown(target->node))
             : "";
}

void warn_of_place(const endpoint_config& endpoint, const relay_config& config,
                   std::vector<config_issue>& issues) {
  auto relay = std::get_if<relay_handler>(&endpoint.handler);
  auto func = std::get_if<func_handler>(&endpoint.handler);
  if (!relay && !func)
    return;
  auto why =
      missing_place(relay ? relay->command.target_pid : func->name, config);
  if (!why.empty())
    entry_report{endpoint_kind, endpoint, issues}.fail(
        relay ? "relay.target_pid" : "func", why);
}

bool allows_any(const router_config& router) {
  const auto& allowed = router.options.origins.allowed;
  return std::any_of(allowed.begin(), allowed.end(),
                     [](const origin_pattern& pattern) { return pattern.any; });
}

/// An echo of the largest message would close the connection with 1013.
bool takes_more_than_it_gives(const router_config& router) {
  const auto& options = router.options;
  return router.relays && options.max_message_size > options.output_limit;
}

void warn(const service_config& service, entry_report report) {
  find_dead_settings(service, report);
}

void warn(const admin_config& admin, entry_report report) {
  find_dead_settings(admin, report);
  auto is_far = [](auto& each) { return !is_of_this_machine(each); };
  if (!admin.tls.enabled()
      && std::any_of(admin.addresses.begin(), admin.addresses.end(), is_far))
    report.fail("tls", "is missing: the token goes over the network as it is");
}

void warn(const router_config& router, entry_report report) {
  find_dead_settings(router, report);
  if (allows_any(router))
    report.fail("post_options.wsrelay.allowed.origins",
                "* lets the pages of every site open connections");
  if (takes_more_than_it_gives(router))
    report.fail("post_options.wsrelay.output.limit",
                fmt::format("is {}, less than wsrelay.max.message.size ({}): "
                            "what a client may send, no target can answer with",
                            router.options.output_limit,
                            router.options.max_message_size));
}

/// What stands behind a service that sends everybody elsewhere.
template <class Entry>
void warn_of_redirect(const Entry& entry, std::string_view kind,
                      const by_name<service_config>& services,
                      std::vector<config_issue>& issues) {
  auto service = find_entry(services, entry.server);
  if (service && service->redirect_to_https)
    entry_report{kind, entry, issues}.fail(
        "meta.server",
        fmt::format("nobody gets here: {} redirects to https", service->name));
}

/// A connection that may hold more than all together goes as soon as it does.
void warn_of_parking(const router_config& router,
                     const by_name<service_config>& services,
                     std::vector<config_issue>& issues) {
  auto service = find_entry(services, router.server);
  auto& parking = router.options.parking;
  if (service && parking.is_on() && parking.bytes > service->parking.max_bytes)
    entry_report{router_kind, router, issues}.fail(
        "post_options.wsrelay.park.bytes",
        fmt::format("is {}, more than parking.max_bytes of {} ({})",
                    parking.bytes, service->name, service->parking.max_bytes));
}

// A name may lead anywhere; without one it is every address.
bool is_public(const std::string& listen) {
  auto address = parse_listen_address(listen);
  if (!address)
    return false;
  address_set of_the_site;
  for (auto block :
       {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
        "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"})
    static_cast<void>(of_the_site.add(block));
  auto& host = address->host;
  auto is_name = !host.empty() && !parse_ip_address(host);
  return !is_name && !of_the_site.contains(host);
}

void warn(const cluster_config& cluster, std::size_t burst,
          entry_report report) {
  if (cluster.listen.empty() && cluster.peers.empty())
    report.fail("listen", "is missing, and so are peers: it meets no node");
  if (!cluster.tls.enabled() && is_public(cluster.listen))
    report.fail("listen", fmt::format("without tls everybody who reaches {} "
                                      "is a node of the cluster",
                                      cluster.listen));
  if (burst > cluster.output_limit / 2)
    report.fail("output_limit",
                fmt::format("is {}, and the loops may read {} before they stop "
                            "at half of it: {} or more is safe, or smaller "
                            "messages",
                            cluster.output_limit, burst, 2 * burst));
}

// "{room}" alone is no JSON, and is not meant to be.
void warn_of_state(const endpoint_config& endpoint,
                   std::vector<config_issue>& issues) {
  auto* relay = std::get_if<relay_handler>(&endpoint.handler);
  if (!relay)
    return;
  std::string_view state = relay->command.state;
  auto begin = state.find_first_not_of(" \t\r\n");
  auto is_meant = begin != state.npos
                  && (state[begin] == '{' || state[begin] == '[')
                  && state.find('"') != state.npos;
  if (is_meant && !check_json(state))
    entry_report{endpoint_kind, endpoint, issues}.fail(
        "relay.state",
        "looks like JSON and is none as it stands: a request could add "
        "to it, write its parameters in quotes, \"{name}\"");
}

} // namespace

std::vector<config_issue> find_warnings(const relay_config& config) {
  std::vector<config_issue> issues;
  for (const auto& service : config.services)
    if (!service.is_derived)
      warn(service, entry_report{service_kind, service, issues});
  for (const auto& router : config.routers)
    if (!router.is_derived)
      warn(router, entry_report{router_kind, router, issues});
  for (const auto& cluster : config.clusters)
    warn(cluster, largest_burst(config),
         entry_report{cluster_kind, cluster, issues});
  for (const auto& admin : config.admins)
    warn(admin, entry_report{admin_kind, admin, issues});
  auto services = index(config.services);
  auto routers = index(config.routers);
  for (const auto& router : config.routers) {
    warn_of_redirect(router, router_kind, services, issues);
    warn_of_parking(router, services, issues);
  }
  for (const auto& files : config.statics)
    warn_of_redirect(files, static_kind, services, issues);
  for (const auto& endpoint : config.endpoints) {
    warn_of_place(endpoint, config, issues);
    warn_of_state(endpoint, issues);
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
