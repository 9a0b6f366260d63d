// The three nodes: relay1 and app1 live as long as the storm, app2 is killed or
// frozen and comes back.
#pragma once

#include "test/cluster_storm/dice.hpp"
#include "test/cluster_storm/processes.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace wsrelay::cluster_storm {

/// The name of a node, of app2's more often.
std::string any_node(dice& random);

/// Nothing here waits, but for a process to end.
class nodes {
public:
  /// When a node was killed or frozen, by label.
  using strikes = std::map<std::string, std::vector<steady::time_point>>;

  nodes(const storm_options& options, dice& random);

  /// Does not wait for them.
  void start_apps();
  bool apps_ready();
  /// The apps are ready. Does not wait for it.
  void start_relay();
  bool relay_ready();

  /// Where clients connect.
  std::uint16_t port() const noexcept { return relay1_.port(); }
  std::vector<std::uint16_t> cluster_ports() const;

  /// Kills app2, or freezes it, or stops it where connections park; `left` is
  /// how many kills are to follow.
  void strike_app2(std::size_t left);
  /// Thaws or starts app2 again.
  void bring_app2_back();
  bool app2_runs() const { return app2_.running() && !frozen_ && !stopping_; }
  /// It does not run, and has been away for long enough.
  bool app2_is_due();
  /// It is not about to stop.
  bool app2_may_come();
  /// It runs and is known to all others.
  bool app2_is_settled() const;
  const std::string& app2_label() const { return app2_.label(); }

  const strikes& struck() const noexcept { return strikes_; }
  /// Labels of those that were stopped by SIGTERM.
  const std::set<std::string>& stopped() const noexcept { return stopped_; }
  /// Labels of all starts of all nodes.
  std::vector<std::string> labels() const;

  /// Ends all; returns the labels of those that did not end well.
  std::vector<std::string> stop();

private:
  void stop_app2();

  dice& random_;
  node_process relay1_;
  node_process app1_;
  node_process app2_;
  strikes strikes_;
  std::size_t freezes_; // that are still to come
  bool parks_;
  std::set<std::string> stopped_;
  std::vector<std::string> bad_ends_; // labels
  bool stopping_ = false;
  bool frozen_ = false;
  steady::time_point restart_at_{};
  steady::time_point started_{};
};

} // namespace wsrelay::cluster_storm
