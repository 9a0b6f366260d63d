// What a node shows of itself to its admin listener.
#pragma once

#include "config/config.hpp"
#include "net/http/service.hpp"
#include "net/loop/loop.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Where a node is in its life.
enum class node_state : std::uint8_t { starting, ready, draining, stopping };

constexpr std::string_view to_text(node_state state) noexcept {
  switch (state) {
    case node_state::starting:
      return "starting";
    case node_state::ready:
      return "ready";
    case node_state::draining:
      return "draining";
    case node_state::stopping:
      break;
  }
  return "stopping";
}

/// A service that runs. `keep` keeps all of it. One that is retired has left
/// the configuration, and nothing but connections: its loops are not told.
struct service_view {
  std::shared_ptr<service> shared;
  std::vector<loop*> loops;
  std::vector<std::string> urls;
  std::shared_ptr<const void> keep;
  bool retired = false;

  /// Returns what it is called where its counts are told: another one may have
  /// its name now. Retired ones of one name are told together.
  std::string label() const {
    return shared->settings.name + (retired ? ".retired" : "");
  }
};

/// Any thread. Outlives the admin listener.
class admin_view {
public:
  virtual ~admin_view() = default;

  virtual caf::actor_system& system() = 0;
  virtual const caf::actor& directory() = 0;
  virtual node_state state() const = 0;
  virtual std::vector<service_view> services() const = 0;
  virtual std::shared_ptr<const relay_config> config() const = 0;

  /// What listens for the admin; null at the beginning and at the end.
  virtual std::shared_ptr<service> listener() const = 0;
};

} // namespace wsrelay
