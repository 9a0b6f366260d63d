// Entries, printed, side by side.
#include "config/changes.hpp"

#include "config/fields.hpp"
#include "config/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

namespace wsrelay {

namespace {

using entries = std::map<std::string, std::string>; // "KIND NAME" to its text

// What a file holds is not printed, and may be another.
std::string secret_of(const admin_config& entry) {
  return entry.token;
}

std::string secret_of(const endpoint_config& entry) {
  auto* by = std::get_if<trusted_header_handler>(&entry.handler);
  return by ? by->secret : std::string{};
}

std::string secret_of(const http_target_config& entry) {
  return fmt::format("{}", fmt::join(entry.secrets, " "));
}

std::string secret_of(const backend_config& entry) {
  return entry.token;
}

template <class Entry>
std::string secret_of(const Entry&) {
  return {};
}

template <class Entry>
void add(std::string_view kind, const std::vector<Entry>& all,
         std::vector<Entry> relay_config::*member, const relay_config& whole,
         entries& out) {
  for (auto& each : all) {
    if constexpr (requires { each.is_derived; })
      if (each.is_derived) // what it is of is told
        continue;
    relay_config alone;
    std::size_t before = 0;
    if constexpr (std::is_same_v<Entry, endpoint_config>) {
      alone.routers = whole.routers; // for the prefix
      before = to_yaml(alone).size();
    }
    (alone.*member).push_back(each);
    out.emplace(fmt::format("{} {}", kind, each.name),
                to_yaml(alone).substr(before) + secret_of(each));
  }
}

entries entries_of(const relay_config& config) {
  entries result;
  add(service_kind, config.services, &relay_config::services, config, result);
  add(router_kind, config.routers, &relay_config::routers, config, result);
  add(endpoint_kind, config.endpoints, &relay_config::endpoints, config,
      result);
  add(static_kind, config.statics, &relay_config::statics, config, result);
  add(cluster_kind, config.clusters, &relay_config::clusters, config, result);
  add(admin_kind, config.admins, &relay_config::admins, config, result);
  add(target_kind, config.targets, &relay_config::targets, config, result);
  add(backend_kind, config.backends, &relay_config::backends, config, result);
  return result;
}

class fixed_keys {
public:
  explicit fixed_keys(config_changes& out) : out_{out} {}

  template <class Value>
  void keep(const std::string& key, const Value& now, Value& next) {
    if (now == next)
      return;
    next = now;
    say(key);
  }

  void say(const std::string& key) {
    out_.kept.push_back(key + ": needs a restart");
  }

private:
  config_changes& out_;
};

template <class Entry>
void keep_listening(const Entry& now, Entry& next, fixed_keys& keys) {
  auto key = [&](std::string_view name) {
    return fmt::format("{}.{}", now.name, name);
  };
  keys.keep(key("addr"), now.addresses, next.addresses);
  keys.keep(key("socket_mode"), now.socket_mode, next.socket_mode);
  keys.keep(key("socket_owner"), now.socket_owner, next.socket_owner);
  if (now.tls.enabled() != next.tls.enabled()) {
    next.tls = now.tls;
    return keys.say(key("tls"));
  }
  keys.keep(key("tls.handshake_timeout"), now.tls.handshake_timeout,
            next.tls.handshake_timeout);
  keys.keep(key("tls.max_handshakes"), now.tls.max_handshakes,
            next.tls.max_handshakes);
}

void keep(const service_config& now, service_config& next, fixed_keys& keys) {
  keep_listening(now, next, keys);
  auto key = [&](std::string_view name) {
    return fmt::format("{}.{}", now.name, name);
  };
  keys.keep(key("threads"), now.threads, next.threads);
  keys.keep(key("proxy_protocol"), now.proxy_protocol, next.proxy_protocol);
  keys.keep(key("proxy_protocol_timeout"), now.proxy_protocol_timeout,
            next.proxy_protocol_timeout);
  keys.keep(key("parking"), now.parking, next.parking);
}

void keep(const admin_config& now, admin_config& next, fixed_keys& keys) {
  keep_listening(now, next, keys);
  keys.keep(fmt::format("{}.max_connections", now.name), now.max_connections,
            next.max_connections);
  next.name = now.name;
}

// The keys of an entry, printed, to their texts; what is inside of one belongs
// to it.
entries keys_of(std::string_view yaml) {
  constexpr std::size_t indent = 2; // "- name: x", "  kind: y"
  entries result;
  std::string* last = nullptr;
  while (!yaml.empty()) {
    auto line = yaml.substr(0, yaml.find('\n'));
    yaml.remove_prefix(std::min(line.size() + 1, yaml.size()));
    auto mark = line.find(':');
    if (mark != line.npos && mark > indent && line[indent] != ' '
        && line[indent] != '-')
      last = &result[std::string{line.substr(indent, mark - indent)}];
    if (last)
      last->append(line).append("\n");
  }
  return result;
}

// Those of which one has another text, or one alone.
std::vector<std::string> differing_keys(const entries& now,
                                        const entries& next) {
  std::vector<std::string> result;
  auto text_of = [](const entries& all, const std::string& key) {
    auto found = all.find(key);
    return found == all.end() ? std::string{} : found->second;
  };
  auto both = now;
  both.insert(next.begin(), next.end());
  for (auto& [key, text] : both)
    if (text_of(now, key) != text_of(next, key))
      result.push_back(key);
  return result;
}

void keep_cluster(const relay_config& now, relay_config& next,
                  fixed_keys& keys) {
  auto text = [](const relay_config& of) {
    relay_config alone;
    alone.clusters = of.clusters;
    return to_yaml(alone);
  };
  if (text(now) == text(next))
    return;
  auto& known = now.clusters.empty() ? next.clusters : now.clusters;
  auto& name = known.front().name;
  if (now.clusters.empty() || next.clusters.empty())
    keys.say(name);
  else
    for (auto& key : differing_keys(keys_of(text(now)), keys_of(text(next))))
      keys.say(fmt::format("{}.{}", name, key));
  next.clusters = now.clusters;
}

void keep_admin(const relay_config& now, relay_config& next, fixed_keys& keys) {
  if (!now.admins.empty() && !next.admins.empty())
    return keep(now.admins.front(), next.admins.front(), keys);
  if (now.admins.empty() == next.admins.empty())
    return;
  auto& known = now.admins.empty() ? next.admins : now.admins;
  keys.say(known.front().name);
  next.admins = now.admins;
}

} // namespace

config_changes take_changes(const relay_config& now, relay_config& next) {
  config_changes result;
  fixed_keys keys{result};
  for (auto& service : next.services)
    for (auto& before : now.services)
      if (before.name == service.name)
        keep(before, service, keys);
  keep_cluster(now, next, keys);
  keep_admin(now, next, keys);
  auto before = entries_of(now), after = entries_of(next);
  for (auto& [name, text] : after) {
    auto known = before.find(name);
    if (known == before.end())
      result.changed.push_back(name + ": added");
    else if (known->second != text)
      result.changed.push_back(name + ": changed");
  }
  for (auto& [name, text] : before)
    if (after.count(name) == 0)
      result.changed.push_back(name + ": removed");
  return result;
}

} // namespace wsrelay
