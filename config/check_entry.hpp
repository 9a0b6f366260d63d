// Checks of one entry for itself, whatever else there is.
#pragma once

#include "config/fields.hpp"
#include "config/load.hpp"
#include "protocol/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Takes what is wrong with one entry.
class entry_report {
public:
  /// `entry` and `issues` outlive the report.
  template <class Entry>
  entry_report(std::string_view kind, const Entry& entry,
               std::vector<config_issue>& issues)
      : entry_report{kind, entry.name, entry.where, issues} {}

  /// Records an error of `key`.
  void fail(std::string_view key, std::string text);

  /// Records the failure of a check.
  void expect(const checked& outcome, std::string_view key);

private:
  entry_report(std::string_view kind, std::string_view name,
               const source_location& where, std::vector<config_issue>& issues);

  std::string path_;
  const source_location& where_;
  std::vector<config_issue>& issues_;
};

void check_entry(const service_config& x, entry_report& report);
void check_entry(const router_config& x, entry_report& report);
void check_entry(const static_config& x, entry_report& report);
void check_entry(const cluster_config& x, entry_report& report);
void check_entry(const admin_config& x, entry_report& report);
void check_entry(const backend_config& x, entry_report report);
void check_entry(const http_target_config& x, entry_report& report);

/// `router` is the endpoint's, or null when it does not exist: then nothing is
/// said that depends on it.
void check_entry(const endpoint_config& x, const router_config* router,
                 entry_report& report);

} // namespace wsrelay
