// Loads a configuration: entries first, then what they refer to.
#include "config/load.hpp"

#include "config/file_text.hpp"
#include "config/key_hints.hpp"
#include "config/nearest.hpp"
#include "config/read_entries.hpp"
#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace wsrelay {

namespace {

/// In the order in which they are read: an endpoint needs its router.
constexpr std::string_view kinds[] = {service_kind, router_kind,  endpoint_kind,
                                      static_kind,  cluster_kind, admin_kind,
                                      target_kind,  backend_kind};

constexpr std::string_view builtin_service = "gateway";

bool is_known_kind(std::string_view kind) {
  return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

/// Returns the text at `key` without a word about anything else.
std::string peek(const YAML::Node& entry, std::string_view key) {
  if (!entry.IsMap())
    return "";
  for (const auto& item : entry) {
    if (!item.first.IsScalar())
      continue;
    auto [name, rest] = split_key(item.first.Scalar(), item.second);
    if (name == key)
      return item.second.IsScalar() ? item.second.Scalar() : std::string{rest};
  }
  return "";
}

std::string must_be_list(const YAML::Node& root) {
  constexpr std::string_view begins = "each begins with \"- \", such as "
                                      "\"- name: gateway\"";
  if (root.IsNull())
    return fmt::format("is empty, must be a list of entries: {}", begins);
  return fmt::format("must be a list of entries, not {}: {}", type_text(root),
                     begins);
}

/// One entry, opened.
struct raw_entry {
  std::string name;
  std::string kind;
  source_location where;
  yaml_map map;
};

class loader {
public:
  loader(std::string_view file, const more_checks& also)
      : file_{file},
        folder_{std::filesystem::path{file}.parent_path().string()},
        also_{also},
        log_{file} {}

  loaded_config run(std::string_view yaml) {
    if (auto root = parse_yaml(yaml, log_))
      read_root(*root);
    return finish();
  }

private:
  void read_root(const YAML::Node& root) {
    if (!root.IsSequence())
      return log_.fail({}, line_of(root), must_be_list(root));
    for (const auto& entry : root)
      open(entry);
    for (auto kind : kinds)
      read_all(kind);
    add_builtin_service();
    derive_backends(config_);
    validate_all();
  }

  void open(const YAML::Node& node) {
    auto name = peek(node, "name");
    auto kind = peek(node, "kind");
    auto line = line_of(node);
    auto path = key_path{line, entry_path(kind, name)};
    auto where = source_location{file_, line};
    auto entry = raw_entry{name, kind, where, {node, path, line, log_}};
    if (!node.IsMap())
      return;
    entry.map.text("name");
    if (!is_known_kind(kind))
      refuse_kind(entry);
    if (is_known_kind(entry.kind))
      entries_.push_back(std::move(entry));
  }

  // What it was meant to be is read as that: others refer to it.
  void refuse_kind(raw_entry& entry) {
    auto kind = entry.map.text("kind");
    auto known = fmt::format("{}", fmt::join(kinds, ", "));
    if (!kind && !entry.map.has("kind"))
      entry.map.fail("kind", fmt::format("is missing, known are {}", known));
    if (!kind)
      return;
    entry.kind = nearest(*kind, {std::begin(kinds), std::end(kinds)});
    entry.map.fail("kind",
                   fmt::format("unknown kind {}, known are {}{}", shown(*kind),
                               known, did_you_mean(*kind, kinds)));
  }

  void read_all(std::string_view kind) {
    for (auto& entry : entries_) {
      if (entry.kind == kind)
        read(entry);
    }
  }

  void read(raw_entry& entry) {
    auto& in = entry.map;
    in.has("kind");
    if (entry.kind == service_kind)
      add(config_.services, entry, read_service(in, folder_));
    else if (entry.kind == router_kind)
      add(config_.routers, entry, read_router(in));
    else if (entry.kind == endpoint_kind)
      add(config_.endpoints, entry, read_endpoint(in, config_, folder_));
    else if (entry.kind == cluster_kind)
      add(config_.clusters, entry, read_cluster(in, folder_));
    else if (entry.kind == admin_kind)
      add(config_.admins, entry, read_admin(in, folder_));
    else if (entry.kind == target_kind)
      add(config_.targets, entry, read_target(in, folder_));
    else if (entry.kind == backend_kind)
      add(config_.backends, entry, read_backend(in, folder_));
    else
      add(config_.statics, entry, read_static(in, folder_));
    in.refuse_unknown(hint_for_entry);
  }

  template <class Entry>
  static void add(std::vector<Entry>& to, const raw_entry& from, Entry entry) {
    entry.name = from.name;
    entry.where = from.where;
    to.push_back(std::move(entry));
  }

  // Whoever meets other nodes says himself where he serves browsers.
  void add_builtin_service() {
    auto is_http = !config_.routers.empty() || !config_.statics.empty();
    if (!is_http || !config_.services.empty() || !config_.clusters.empty())
      return;
    auto& service = config_.services.emplace_back();
    service.name = builtin_service;
    service.where.file = "built-in";
  }

  void validate_all() {
    for (auto& issue : validate(config_))
      log_.fail_later(std::move(issue));
    for (auto& issue : find_warnings(config_)) // of what was read as it stands
      if (!log_.has_failed_in(issue.where.line))
        warnings_.push_back(log_.place(std::move(issue)));
    if (config_.services.empty() && config_.clusters.empty())
      warnings_.push_back({{file_, 0},
                           "",
                           "nobody is served: there is no http.service and no "
                           "cluster.node"});
    auto more = also_ ? also_(config_) : more_findings{};
    for (auto& issue : more.errors)
      log_.fail_later(std::move(issue));
    for (auto& issue : more.warnings)
      warnings_.push_back(log_.place(std::move(issue)));
    for (auto& issue : more.doubts)
      doubts_.push_back(log_.place(std::move(issue)));
  }

  loaded_config finish() {
    auto errors = log_.take_errors();
    if (errors.empty())
      std::move(doubts_.begin(), doubts_.end(), std::back_inserter(warnings_));
    if (warnings_.size() > max_reported_errors) {
      auto more = warnings_.size() - max_reported_errors;
      warnings_.resize(max_reported_errors);
      warnings_.push_back(
          {{file_, 0}, "", fmt::format("{} more warnings", more)});
    }
    return {std::move(config_), std::move(errors), std::move(warnings_)};
  }

  std::string file_;
  std::string folder_;
  const more_checks& also_;
  findings log_;
  std::vector<raw_entry> entries_;
  relay_config config_;
  std::vector<config_issue> warnings_;
  std::vector<config_issue> doubts_;
};

/// Keeps a report on its one line.
void replace_control_characters(std::string& text) {
  std::replace_if(
      text.begin(), text.end(),
      [](unsigned char c) { return c < ' ' || c == 0x7F; }, '?');
}

} // namespace

std::string to_text(const config_issue& issue) {
  const auto& [file, line] = issue.where;
  std::string out = file;
  if (line > 0)
    out += fmt::format(":{}", line);
  for (const auto& part : {issue.path, issue.text})
    out += part.empty() || out.empty() ? part : ": " + part;
  replace_control_characters(out);
  return out;
}

loaded_config load_config(std::string_view yaml, std::string_view file,
                          const more_checks& also) {
  return loader{file, also}.run(yaml);
}

loaded_config load_config_file(const std::string& path,
                               const more_checks& also) {
  auto text = read_file(path, max_config_size);
  if (text)
    return load_config(*text, path, also);
  return {{}, {{{path, 0}, "", text.error().what}}, {}};
}

} // namespace wsrelay
