// The nodes as processes.
#pragma once

#include "test/cluster_storm/client.hpp"
#include "test/cluster_storm/options.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wsrelay::cluster_storm {

/// Longest time from SIGTERM to the end.
inline constexpr milliseconds stop_limit{10'000};

/// One node: started, killed and started again under its name and on the port
/// that it got first. Each start has a label and a journal of its own.
class node_process {
public:
  node_process(const storm_options& options, std::string name);
  ~node_process();

  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  /// Does not wait for it. `peers` are ports.
  void start(const std::vector<std::uint16_t>& peers = {});

  /// Returns whether it listens; remembers its ports.
  bool ready();

  /// SIGKILL, and waits for the end.
  void kill();

  /// SIGSTOP, SIGCONT.
  void freeze() const;
  void thaw() const;

  /// SIGTERM, without waiting.
  void terminate() const;

  /// Returns nothing while it runs, then whether it ended with status 0.
  std::optional<bool> ended();

  /// SIGTERM, and waits; returns whether it ended with status 0.
  bool stop();

  bool running() const noexcept { return pid_ > 0; }
  std::uint16_t cluster_port() const noexcept { return cluster_port_; }
  std::uint16_t port() const noexcept { return port_; }

  /// Labels of all starts, "app2.1", ...; that of the current one.
  const std::vector<std::string>& labels() const noexcept { return labels_; }
  const std::string& label() const { return labels_.back(); }

private:
  std::string file(const char* kind) const;

  bool is_before() const;

  storm_options options_;
  std::string name_;
  std::vector<std::string> labels_;
  pid_t pid_ = 0;
  std::uint16_t cluster_port_ = 0;
  std::uint16_t port_ = 0;
};

} // namespace wsrelay::cluster_storm
