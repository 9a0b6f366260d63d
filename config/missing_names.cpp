// What one node without others can offer.
#include "config/missing_names.hpp"

#include "config/check_entry.hpp"
#include "config/findings.hpp"
#include "config/nearest.hpp"
#include "protocol/pid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

namespace wsrelay {

namespace {

bool can_come_from_elsewhere(const relay_config& config) {
  auto meets_others = [](const cluster_config& x) {
    return !x.listen.empty() || !x.peers.empty();
  };
  return !config.backends.empty()
         || std::any_of(config.clusters.begin(), config.clusters.end(),
                        meets_others);
}

/// Returns whether `name` is `pattern` with some text for each "{param}".
bool fits(std::string_view pattern, std::string_view name) {
  auto open = pattern.find('{');
  auto close = pattern.find('}', open);
  if (close == pattern.npos)
    return pattern == name;
  if (!name.starts_with(pattern.substr(0, open)))
    return false;
  name.remove_prefix(open);
  pattern.remove_prefix(close + 1);
  auto literal = pattern.substr(0, pattern.find('{'));
  if (literal.size() == pattern.size())
    return name.size() > literal.size() && name.ends_with(literal);
  auto at = name.find(literal, 1); // where the most is left for the others
  return at < name.npos && fits(pattern, name.substr(at));
}

/// The key of an endpoint that names an actor, and the text there.
using named_actor = std::pair<std::string_view, std::string_view>;

std::optional<named_actor> actor_of(const endpoint_config& endpoint) {
  if (auto relay = std::get_if<relay_handler>(&endpoint.handler))
    return named_actor{"relay.target_pid", relay->command.target_pid};
  if (auto func = std::get_if<func_handler>(&endpoint.handler))
    return named_actor{"func", func->name};
  return std::nullopt;
}

class name_search {
public:
  name_search(const relay_config& config,
              const std::vector<std::string_view>& own)
      : known_{own.begin(), own.end()} {
    for (const auto& target : config.targets)
      known_.insert(target.name);
  }

  /// Returns what is wrong with the name, or "".
  std::string look_for(std::string_view text) {
    auto target = parse_target(text);
    auto is_name = target && target->kind == target_name::form::name;
    auto is_there = [&](auto& each) { return fits(text, each); };
    if (!is_name || known_.count(text) > 0
        || (text.find('{') != text.npos
            && std::any_of(known_.begin(), known_.end(), is_there)))
      return "";
    return fmt::format(
        "nobody has {} \"{}\": no entry offers it, and no cluster.node or "
        "backend.service could bring it{} (a program of yours that embeds the "
        "relay may have it)",
        text.find('{') == text.npos ? "the name" : "a name such as",
        shown(text), guess(text));
  }

private:
  // A file may have thousands of names, all wrong.
  std::string guess(std::string_view text) {
    constexpr int max_guesses = 50;
    auto found = ++guesses_ > max_guesses ? "" : nearest(text, known_);
    return found.empty() ? "" : fmt::format("; did you mean \"{}\"?", found);
  }

  std::set<std::string, std::less<>> known_;
  int guesses_ = 0;
};

} // namespace

std::vector<config_issue>
find_missing_names(const relay_config& config,
                   const std::vector<std::string_view>& own) {
  std::vector<config_issue> issues;
  if (can_come_from_elsewhere(config))
    return issues;
  name_search names{config, own};
  for (const auto& endpoint : config.endpoints) {
    auto actor = actor_of(endpoint);
    auto why = actor ? names.look_for(actor->second) : "";
    if (!why.empty())
      entry_report{endpoint_kind, endpoint, issues}.fail(actor->first, why);
  }
  return issues;
}

} // namespace wsrelay
